// The official @google/genai package as a client. The interface of a client is described in sdk.mjs.
import { ApiError, GoogleGenAI } from '@google/genai';
import * as z from 'zod';
import { BOOK, CITY, PNG, errorOf } from './sdk-shared.mjs';

const usageOf = (u) => u && { input: u.promptTokenCount, cacheRead: u.cachedContentTokenCount ?? 0, output: u.candidatesTokenCount + (u.thoughtsTokenCount ?? 0), reasoning: u.thoughtsTokenCount ?? 0 };
const finishOf = { STOP: 'stop', MAX_TOKENS: 'length', SAFETY: 'filter' };
const partsOf = (r) => r.candidates?.[0]?.content?.parts ?? [];
const textIn = (parts, thought) => parts.filter((p) => !!p.thought === thought && typeof p.text === 'string').map((p) => p.text).join('');
const THINKING = { thinkingConfig: { includeThoughts: true, thinkingBudget: 2048 } };
const callable = (run) => ({
  tool: async () => ({ functionDeclarations: [{ name: 'get_weather', description: 'Weather of a city', parametersJsonSchema: CITY }] }),
  callTool: async (calls) => calls.map((c) => ({ functionResponse: { ...(c.id && { id: c.id }), name: c.name, response: { output: run(c.args) } } })),
});

export class GenaiClient {
  static format = 'gemini';
  constructor(url, apiKey) { this.sdk = new GoogleGenAI({ apiKey, httpOptions: { baseUrl: url, timeout: 60000 } }); }
  error = (e) => errorOf(e, ApiError, {});

  // One answer from one or many chunks; parts keep their order, the last usage and finish count.
  async #collect(chunks) {
    const parts = []; let finish; let usage; let deltas = 0;
    for await (const c of chunks) { parts.push(...partsOf(c)); if (textIn(partsOf(c), false)) deltas++; finish = c.candidates?.[0]?.finishReason ?? finish; usage = c.usageMetadata ?? usage; }
    return { parts, text: textIn(parts, false), thinking: textIn(parts, true), finish: finishOf[finish], usage: usageOf(usage), deltas };
  }
  async #generate(body, stream) { return this.#collect(stream ? await this.sdk.models.generateContentStream(body) : [await this.sdk.models.generateContent(body)]); }

  ask(model, prompt, { stream, rich, thinking } = {}) {
    const body = { model, contents: prompt, config: { ...(thinking && THINKING) } };
    if (rich) Object.assign(body, { contents: [{ role: 'user', parts: [{ text: prompt }, { inlineData: { mimeType: 'image/png', data: PNG } }] }], config: { systemInstruction: rich.system, maxOutputTokens: 333, temperature: 0.5, stopSequences: ['<END>'] } });
    return this.#generate(body, stream);
  }

  async watch(model, prompt) {
    const seen = { text: '', complete: false };
    try {
      for await (const c of await this.sdk.models.generateContentStream({ model, contents: prompt })) {
        seen.text += textIn(partsOf(c), false);
        if (c.candidates?.[0]?.finishReason) seen.complete = true;
      }
    } catch (e) { seen.error = e; }
    return seen;
  }

  // A chat with automatic function calling: its history must survive every chunk it was sent.
  async tools(model, prompt, run, { stream }) {
    const chat = this.sdk.chats.create({ model, config: { tools: [callable(run)] } });
    const r = await this.#collect(stream ? await chat.sendMessageStream({ message: prompt }) : [await chat.sendMessage({ message: prompt })]);
    const curated = chat.getHistory(true);
    if (!curated.some((c) => c.parts?.some((p) => p.functionResponse))) throw new Error('the chat threw the tool turn out of its history');
    return r.text;
  }

  async structured(model, prompt, { stream }) {
    const r = await this.#generate({ model, contents: prompt, config: { responseMimeType: 'application/json', responseJsonSchema: z.toJSONSchema(BOOK) } }, stream);
    return BOOK.parse(JSON.parse(r.text));
  }

  async thinkingTools(model, prompt, run, { stream }) {
    const config = { ...THINKING, tools: [await callable(run).tool()] }; const contents = [{ role: 'user', parts: [{ text: prompt }] }];
    for (let i = 0; i < 3; i++) {
      const r = await this.#generate({ model, contents, config }, stream);
      const calls = r.parts.filter((p) => p.functionCall).map((p) => p.functionCall);
      if (!calls.length) return r.text;
      contents.push({ role: 'model', parts: r.parts.filter((p) => p.text !== '' || p.thoughtSignature) }, { role: 'user', parts: await callable(run).callTool(calls) });
    }
    throw new Error('the tool loop does not end');
  }

  async count(model, prompt) { return (await this.sdk.models.countTokens({ model, contents: prompt })).totalTokens; }
}
