// The official openai package as two clients: chat completions and responses. The interface of a client is described in sdk.mjs.
import OpenAI from 'openai';
import { zodResponseFormat, zodTextFormat } from 'openai/helpers/zod';
import { BOOK, CITY, PNG, errorOf } from './sdk-shared.mjs';

const client = (url, apiKey) => new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0, timeout: 60000 });
const error = (e) => errorOf(e, OpenAI.APIError, { type: e?.type, code: e?.code, retryAfter: e?.headers?.get?.('retry-after') });
const weatherFunction = (run) => ({ name: 'get_weather', description: 'Weather of a city', parameters: CITY, function: run });

// ---------------------------------------------------------------- chat completions
const chatUsage = (u) => u && { input: u.prompt_tokens, cacheRead: u.prompt_tokens_details?.cached_tokens, cacheWrite: u.prompt_tokens_details?.cache_write_tokens, output: u.completion_tokens, reasoning: u.completion_tokens_details?.reasoning_tokens };
const chatFinish = { stop: 'stop', length: 'length', content_filter: 'filter', tool_calls: 'tool_calls' };
const chatAnswer = (c) => ({ text: c.choices[0].message.content ?? '', thinking: c.choices[0].message.reasoning_content ?? '', finish: chatFinish[c.choices[0].finish_reason], usage: chatUsage(c.usage), native: c });

export class ChatClient {
  static format = 'openai-chat';
  constructor(url, key) { this.sdk = client(url, key); }
  error = error;

  async ask(model, prompt, { stream, rich, thinking } = {}) {
    const body = { model, messages: [{ role: 'user', content: prompt }], ...(thinking && { reasoning_effort: 'high', max_completion_tokens: 30000 }) };
    if (rich) {
      Object.assign(body, { max_tokens: 333, temperature: 0.5, stop: ['<END>'] });
      body.messages = [{ role: 'system', content: rich.system }, { role: 'user', content: [{ type: 'text', text: prompt }, { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } }] }];
    }
    if (!stream) return chatAnswer(await this.sdk.chat.completions.create(body));
    const s = this.sdk.chat.completions.stream({ ...body, stream_options: { include_usage: true } }); let deltas = 0; let thought = '';
    s.on('content', () => deltas++); s.on('chunk', (c) => { thought += c.choices[0]?.delta?.reasoning_content ?? ''; });
    const final = await s.finalChatCompletion();
    return { ...chatAnswer(final), thinking: thought, deltas };
  }

  // Reads a stream to its end without helpers: what was seen, whether it claimed to be complete, what it threw.
  async watch(model, prompt) {
    const seen = { text: '', complete: false, usageChunks: 0 };
    try {
      for await (const c of await this.sdk.chat.completions.create({ model, stream: true, messages: [{ role: 'user', content: prompt }] })) {
        seen.text += c.choices[0]?.delta?.content ?? '';
        if (c.usage) seen.usageChunks++;
        if (c.choices[0]?.finish_reason) seen.complete = true;
      }
    } catch (e) { seen.error = e; }
    return seen;
  }

  async tools(model, prompt, run, { stream }) {
    const runner = this.sdk.chat.completions.runTools({ model, stream, messages: [{ role: 'user', content: prompt }], tools: [{ type: 'function', function: { ...weatherFunction(run), parse: JSON.parse } }] });
    return (await runner.finalContent()) ?? '';
  }

  async structured(model, prompt, { stream }) {
    const body = { model, messages: [{ role: 'user', content: prompt }], response_format: zodResponseFormat(BOOK, 'person') };
    const done = stream ? await this.sdk.chat.completions.stream(body).finalChatCompletion() : await this.sdk.chat.completions.parse(body);
    return done.choices[0].message.parsed;
  }

  // A tool loop by hand that keeps the assistant message as it came, signatures included.
  async thinkingTools(model, prompt, run, { stream }) {
    const tools = [{ type: 'function', function: { name: 'get_weather', description: 'Weather of a city', parameters: CITY } }];
    const messages = [{ role: 'user', content: prompt }];
    for (let i = 0; i < 3; i++) {
      const body = { model, messages, tools, reasoning_effort: 'high', max_completion_tokens: 30000 };
      const done = stream ? await this.sdk.chat.completions.stream(body).finalChatCompletion() : await this.sdk.chat.completions.create(body);
      const { message } = done.choices[0]; messages.push(message);
      if (!message.tool_calls?.length) return message.content;
      for (const c of message.tool_calls) messages.push({ role: 'tool', tool_call_id: c.id, content: run(JSON.parse(c.function.arguments)) });
    }
    throw new Error('the tool loop does not end');
  }
}

// ---------------------------------------------------------------- responses
const responsesUsage = (u) => u && { input: u.input_tokens, cacheRead: u.input_tokens_details?.cached_tokens, cacheWrite: u.input_tokens_details?.cache_write_tokens, output: u.output_tokens, reasoning: u.output_tokens_details?.reasoning_tokens };
const responsesFinish = (r) => (r.status === 'completed' ? (r.output.some((o) => o.type === 'function_call') ? 'tool_calls' : 'stop') : { max_output_tokens: 'length', content_filter: 'filter' }[r.incomplete_details?.reason] ?? r.status);
const responsesAnswer = (r) => ({ text: r.output_text, thinking: r.output.filter((o) => o.type === 'reasoning').flatMap((o) => o.summary.map((s) => s.text)).join(''), finish: responsesFinish(r), usage: responsesUsage(r.usage), native: r });
const THINKING = { reasoning: { effort: 'high', summary: 'auto' }, include: ['reasoning.encrypted_content'], store: false };

export class ResponsesClient {
  static format = 'openai-responses';
  constructor(url, key) { this.sdk = client(url, key); }
  error = error;

  async ask(model, prompt, { stream, rich, thinking } = {}) {
    const body = { model, input: prompt, ...(thinking && THINKING) };
    if (rich) Object.assign(body, { instructions: rich.system, max_output_tokens: 333, temperature: 0.5, input: [{ role: 'user', content: [{ type: 'input_text', text: prompt }, { type: 'input_image', detail: 'auto', image_url: `data:image/png;base64,${PNG}` }] }] });
    if (!stream) return responsesAnswer(await this.sdk.responses.create(body));
    const s = this.sdk.responses.stream(body); let deltas = 0;
    s.on('response.output_text.delta', () => deltas++);
    return { ...responsesAnswer(await s.finalResponse()), deltas };
  }

  async watch(model, prompt) {
    const seen = { text: '', complete: false };
    try {
      for await (const e of await this.sdk.responses.create({ model, stream: true, input: prompt })) {
        if (e.type === 'response.output_text.delta') seen.text += e.delta;
        if (e.type === 'response.completed' || e.type === 'response.incomplete') seen.complete = true;
        if (e.type === 'response.failed') throw Object.assign(new Error(e.response.error?.message), { failed: e.response.error });
      }
    } catch (e) { seen.error = e; }
    return seen;
  }

  // The package has no tool loop for responses: this is the one its documentation shows.
  async #loop(model, prompt, run, stream, more = {}) {
    const tools = [{ type: 'function', name: 'get_weather', description: 'Weather of a city', parameters: CITY, strict: false }];
    const input = [{ role: 'user', content: prompt }];
    for (let i = 0; i < 3; i++) {
      const body = { model, input, tools, ...more };
      const r = stream ? await this.sdk.responses.stream(body).finalResponse() : await this.sdk.responses.create(body);
      const calls = r.output.filter((o) => o.type === 'function_call');
      if (!calls.length) return r.output_text;
      input.push(...r.output.map(({ parsed_arguments, ...item }) => item));
      for (const c of calls) input.push({ type: 'function_call_output', call_id: c.call_id, output: run(JSON.parse(c.arguments)) });
    }
    throw new Error('the tool loop does not end');
  }

  tools(model, prompt, run, { stream }) { return this.#loop(model, prompt, run, stream); }
  thinkingTools(model, prompt, run, { stream }) { return this.#loop(model, prompt, run, stream, THINKING); }

  async structured(model, prompt, { stream }) {
    const body = { model, input: prompt, text: { format: zodTextFormat(BOOK, 'person') } };
    return (stream ? await this.sdk.responses.stream(body).finalResponse() : await this.sdk.responses.parse(body)).output_parsed;
  }

  // Sends the inputs one after the other, each continuing the response before it.
  async follow(model, inputs, previous_response_id) {
    let r;
    for (const input of inputs) r = await this.sdk.responses.create({ model, input, ...((r?.id ?? previous_response_id) && { previous_response_id: r?.id ?? previous_response_id }) });
    return r.output_text;
  }

  async count(model, prompt) { return (await this.sdk.responses.inputTokens.count({ model, input: prompt, instructions: 'Be brief.' })).input_tokens; }
}
