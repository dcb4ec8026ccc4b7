// The official @anthropic-ai/sdk package as a client. The interface of a client is described in sdk.mjs.
import Anthropic from '@anthropic-ai/sdk';
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema';
import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod';
import { BOOK, CITY, PNG, errorOf } from './sdk-shared.mjs';

const usageOf = (u) => ({ input: u.input_tokens + (u.cache_read_input_tokens ?? 0) + (u.cache_creation_input_tokens ?? 0), cacheRead: u.cache_read_input_tokens ?? 0, cacheWrite: u.cache_creation_input_tokens ?? 0, output: u.output_tokens, reasoning: u.output_tokens_details?.thinking_tokens });
const finishOf = { end_turn: 'stop', max_tokens: 'length', refusal: 'filter', tool_use: 'tool_calls' };
const answer = (m) => ({
  text: m.content.filter((b) => b.type === 'text').map((b) => b.text).join(''), thinking: m.content.filter((b) => b.type === 'thinking').map((b) => b.thinking).join(''),
  finish: finishOf[m.stop_reason], usage: usageOf(m.usage), native: m,
});
const THINKING = { thinking: { type: 'enabled', budget_tokens: 2048 }, max_tokens: 8000 };

export class AnthropicClient {
  static format = 'anthropic';
  constructor(url, apiKey) { this.sdk = new Anthropic({ baseURL: url, apiKey, maxRetries: 0, timeout: 60000 }); }
  error = (e) => errorOf(e, Anthropic.APIError, { type: e?.error?.error?.type, retryAfter: e?.headers?.get?.('retry-after') });

  async ask(model, prompt, { stream, rich, thinking } = {}) {
    const body = { model, max_tokens: 1024, messages: [{ role: 'user', content: prompt }], ...(thinking && THINKING) };
    if (rich) Object.assign(body, { system: rich.system, max_tokens: 333, temperature: 0.5, stop_sequences: ['<END>'], messages: [{ role: 'user', content: [{ type: 'text', text: prompt }, { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } }] }] });
    if (!stream) return answer(await this.sdk.messages.create(body));
    const s = this.sdk.messages.stream(body); let deltas = 0;
    s.on('text', () => deltas++);
    return { ...answer(await s.finalMessage()), deltas };
  }

  async watch(model, prompt) {
    const seen = { text: '', complete: false };
    try {
      for await (const e of await this.sdk.messages.create({ model, stream: true, max_tokens: 1024, messages: [{ role: 'user', content: prompt }] })) {
        if (e.delta?.type === 'text_delta') seen.text += e.delta.text;
        if (e.type === 'message_stop' || e.delta?.stop_reason) seen.complete = true;
      }
    } catch (e) { seen.error = e; }
    return seen;
  }

  // The beta tool runner; by default it holds the conversation in a thread and sends only new messages.
  async tools(model, prompt, run, { stream }) {
    const tool = betaTool({ name: 'get_weather', description: 'Weather of a city', inputSchema: CITY, run });
    const last = await this.sdk.beta.messages.toolRunner({ model, max_tokens: 1024, stream, messages: [{ role: 'user', content: prompt }], tools: [tool] }).runUntilDone();
    return answer(last).text;
  }

  async structured(model, prompt, { stream }) {
    const body = { model, max_tokens: 1024, messages: [{ role: 'user', content: prompt }], output_config: { format: zodOutputFormat(BOOK) } };
    return (stream ? await this.sdk.messages.stream(body).finalMessage() : await this.sdk.messages.parse(body)).parsed_output;
  }

  async thinkingTools(model, prompt, run, { stream }) {
    const tools = [{ name: 'get_weather', description: 'Weather of a city', input_schema: CITY }]; const messages = [{ role: 'user', content: prompt }];
    for (let i = 0; i < 3; i++) {
      const body = { model, messages, tools, ...THINKING };
      const m = stream ? await this.sdk.messages.stream(body).finalMessage() : await this.sdk.messages.create(body);
      const calls = m.content.filter((b) => b.type === 'tool_use');
      if (!calls.length) return answer(m).text;
      messages.push({ role: 'assistant', content: m.content }, { role: 'user', content: calls.map((c) => ({ type: 'tool_result', tool_use_id: c.id, content: run(c.input) })) });
    }
    throw new Error('the tool loop does not end');
  }

  async count(model, prompt) { return (await this.sdk.messages.countTokens({ model, system: 'Be brief.', messages: [{ role: 'user', content: prompt }] })).input_tokens; }
}
