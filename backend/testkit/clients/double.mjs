// A scripted upstream: one HTTP server that speaks openai-chat, openai-responses, anthropic and gemini, checks every request by
// that format's own laws, records it, and answers what the scenario word in the prompt asks for (scenarios.mjs).
// The first path segment is a free label (/LABEL/v1/…), so that one server can stand for many upstreams.
import http from 'node:http';
import zlib from 'node:zlib';
import { setImmediate as breathe } from 'node:timers/promises';
import { requestInvariants } from '../vectors/match.mjs';
import { readRequest } from './read.mjs';
import { COUNT, SIGNATURES, THOUGHT, plan } from './scenarios.mjs';
import { errorFrame, writeBody, writeError, writeFrames } from './write.mjs';

export const FORMATS = ['openai-chat', 'openai-responses', 'anthropic', 'gemini'];
// A model id the double accepts; it is also in the catalogues, so that a gateway knows what it can do.
export const MODELS = { 'openai-chat': 'gpt-4.1-mini', 'openai-responses': 'gpt-5.1', anthropic: 'claude-haiku-4-5-20251001', gemini: 'gemini-2.5-pro' };
export const keyOf = (format) => `sk-upstream-${format}-7Qd2`;

const ROUTES = [
  [/^\/v1\/chat\/completions$/, 'openai-chat', 'generate'],
  [/^\/v1\/responses$/, 'openai-responses', 'generate'],
  [/^\/v1\/responses\/input_tokens$/, 'openai-responses', 'count'],
  [/^\/v1\/messages$/, 'anthropic', 'generate'],
  [/^\/v1\/messages\/count_tokens$/, 'anthropic', 'count'],
  [/^\/v1beta\/models\/([^:]+):generateContent$/, 'gemini', 'generate'],
  [/^\/v1beta\/models\/([^:]+):streamGenerateContent$/, 'gemini', 'stream'],
  [/^\/v1beta\/models\/([^:]+):countTokens$/, 'gemini', 'count'],
];

async function readBody(req) {
  const chunks = []; for await (const c of req) chunks.push(c);
  const raw = Buffer.concat(chunks);
  const coding = req.headers['content-encoding'];
  return coding === 'gzip' ? zlib.gunzipSync(raw) : coding === 'br' ? zlib.brotliDecompressSync(raw) : raw;
}

function send(res, status, body, headers = {}) {
  res.writeHead(status, { 'content-type': 'application/json', ...headers });
  res.end(JSON.stringify(body));
}

export class Double {
  // A request that breaks a law is answered 400, and its record keeps the problems. Where native(record) is true the body is the
  // client's own and only the envelope is checked: the real services take more than a translator should write (genai repeats roles
  // in streamed chats). override(record) may answer instead of the scenario; credentials holds other logins than keyOf, by label.
  constructor() {
    this.native = () => false; this.credentials = new Map(); this.records = []; this.override = undefined; this.threads = new Map(); this.serial = 0;
    this.server = http.createServer((req, res) => this.#serve(req, res).catch((e) => { this.records.push({ problems: [`double: ${e.stack}`] }); res.destroy(); }));
  }

  async listen() {
    await new Promise((ok) => this.server.listen(0, '127.0.0.1', ok));
    this.origin = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  close() { this.server.closeAllConnections(); this.server.close(); }

  // The generating requests that came in since mark = double.records.length, optionally of one label.
  since(mark, label) { return this.records.slice(mark).filter((r) => r.action && r.action !== 'count' && (!label || r.label === label)); }

  async #serve(req, res) {
    const url = new URL(req.url, 'http://double'); const raw = await readBody(req);
    const [, label = '', path] = /^(?:\/((?!v1)[^/]+))?(\/.*)$/.exec(decodeURI(url.pathname));
    const record = { method: req.method, label, path, query: url.search, headers: req.headers, raw: raw.toString('utf8'), problems: [] };
    this.records.push(record);
    const found = ROUTES.map(([re, format, action]) => ({ m: re.exec(path), format, action })).find((r) => r.m);
    if (req.method === 'HEAD') { res.writeHead(200); return res.end(); }
    if (req.method === 'GET' && found) return send(res, 426, { error: { message: 'only POST here' } });
    if (req.method === 'GET') return this.#list(path, res);
    if (!found) return send(res, 404, { error: { message: `double: no route ${req.method} ${path}` } });
    Object.assign(record, { format: found.format, action: found.action });
    try { record.body = JSON.parse(record.raw); } catch { record.problems.push('body is not JSON'); return this.#fail(res, found.format, { kind: 'invalid', message: 'body is not JSON' }); }
    return this.#answer(record, found, res);
  }

  #list(path, res) {
    if (path === '/v1/models') return send(res, 200, { object: 'list', data: Object.values(MODELS).map((id) => ({ id, object: 'model', type: 'model', display_name: id, created: 1, created_at: '2025-01-01T00:00:00Z', owned_by: 'double' })), has_more: false });
    if (path === '/v1beta/models') return send(res, 200, { models: Object.values(MODELS).map((id) => ({ name: `models/${id}`, displayName: id, supportedGenerationMethods: ['generateContent', 'countTokens'] })) });
    return send(res, 404, { error: { message: `double: nothing at ${path}` } });
  }

  #fail(res, format, fault) {
    const e = writeError(format, fault);
    send(res, e.status, e.body, { ...e.headers, ...fault.headers });
  }

  // What this format's API would refuse: wrong credential place, unknown model, foreign fields, broken pairing, …
  #laws(record, format, action, pathModel) {
    const { headers: h, body, problems } = record; const login = this.credentials.get(record.label);
    const auth = { anthropic: h['x-api-key'] ?? h.authorization?.replace(/^Bearer /, ''), gemini: h['x-goog-api-key'] ?? new URLSearchParams(record.query).get('key') };
    record.credential = format in auth ? auth[format] : h.authorization?.replace(/^Bearer /, '');
    if (login && h['x-api-key']) problems.push('a key beside the login');
    if (record.credential !== (login ?? keyOf(format))) problems.push('the credential of this upstream is missing');
    if (!/^application\/json/.test(h['content-type'] ?? '')) problems.push(`content-type ${h['content-type']}`);
    if (format === 'anthropic' && !h['anthropic-version']) problems.push('no anthropic-version header');
    const model = format === 'gemini' ? pathModel : body.model;
    if (model !== MODELS[format]) problems.push(`model ${model}`);
    if (Object.keys(h).some((k) => k.startsWith('x-omniroute') || k === 'cookie')) problems.push('a private header leaked');
    if (format === 'gemini' && action === 'stream' && new URLSearchParams(record.query).get('alt') !== 'sse') problems.push('no alt=sse');
    // Anthropic signs a thought together with its words.
    if (format === 'anthropic') for (const m of body.messages ?? []) for (const b of Array.isArray(m.content) ? m.content : []) if (b.signature === SIGNATURES.anthropic && b.thinking !== THOUGHT) problems.push('the words of a signed thought changed');
    if (action !== 'count' && !this.native(record)) problems.push(...requestInvariants[format](body));
  }

  // Anthropic's threads: a continued request holds only the new messages.
  #resume(body) {
    if (!body.thread) return body;
    if (body.thread.type === 'create') return body;
    const held = this.threads.get(body.thread.previous_message_id);
    return held && { ...body, system: held.system, tools: held.tools, messages: [...held.messages, ...body.messages] };
  }

  async #answer(record, { format, action, m }, res) {
    if (format === 'anthropic' && record.body.thread) {
      const whole = this.#resume(record.body);
      if (!whole) return this.#fail(res, format, { kind: 'missing', message: 'thread not found', details: { error_code: 'thread_not_found' } });
      record.body = whole;
    }
    const { body } = record;
    this.#laws(record, format, action, m[1]);
    record.req = readRequest(format, body);
    if (format === 'gemini') record.req.stream = action === 'stream';
    const forced = this.override?.(record);
    if (forced) return this.#fail(res, format, forced);
    if (record.problems.length) return this.#fail(res, format, { kind: 'invalid', message: `double refuses: ${record.problems.join('; ')}` });
    if (action === 'count') return send(res, 200, { anthropic: { input_tokens: COUNT }, gemini: { totalTokens: COUNT }, 'openai-responses': { object: 'response.input_tokens', input_tokens: COUNT } }[format]);
    const answer = plan(record.req); record.scenario = answer.scenario;
    if (answer.http) return this.#fail(res, format, answer.http);
    const ids = { id: `double${++this.serial}`, model: MODELS[format], includeUsage: body.stream_options?.include_usage === true };
    if (body.thread) this.threads.set(`msg_${ids.id}`, { system: body.system, tools: body.tools, messages: [...body.messages, { role: 'assistant', content: writeBody(format, answer, ids).content }] });
    return record.req.stream ? this.#stream(res, format, answer, ids) : this.#whole(res, format, answer, ids);
  }

  // Faults of streams strike whole answers too: an error status first, a body cut in half otherwise.
  #whole(res, format, answer, ids) {
    if (answer.fault === 'error-first') return this.#fail(res, format, { kind: 'overloaded' });
    const text = JSON.stringify(writeBody(format, answer, ids));
    res.writeHead(200, { 'content-type': 'application/json' });
    return res.end(answer.fault ? text.slice(0, text.length / 2) : text);
  }

  async #stream(res, format, answer, ids) {
    res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    const frames = writeFrames(format, answer, ids); let shown = 0;
    if (answer.fault === 'error-first') return res.end((format === 'gemini' ? '' : frames[0].text) + errorFrame(format, ids).text);
    for (const f of frames) {
      if (!answer.torn) { res.write(f.text); await breathe(); }
      else for (const byte of Buffer.from(f.text)) { res.write(Buffer.of(byte)); await breathe(); }
      if (f.content && ++shown === 2 && answer.fault) break;
    }
    return res.end(answer.fault === 'error-after' ? errorFrame(format, ids).text : '');
  }
}
