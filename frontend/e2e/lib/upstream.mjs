// A scripted upstream for pages. It speaks OpenAI chat and Anthropic, enough for both roads; the doubles of backend/testkit/clients
// prove the formats. The first path segment names a script, so one server stands for many providers.
import http from 'node:http';
import { writeBody, writeError, writeFrames } from '../../../backend/testkit/clients/write.mjs';

/**
 * What one upstream does with a chat request.
 * @typedef {{text?: string, status?: number, kind?: string, message?: string, retryAfter?: number, delayMs?: number,
 *   models?: string[], key?: string, modelsStatus?: number, usage?: typeof USAGE, anyKey?: boolean}} Script
 */

const USAGE = { input: 812, cacheRead: 590, cacheWrite: 0, output: 41, reasoning: 12 };
export const KEY = 'sk-upstream-e2e-5Vt9';

export class Upstream {
  constructor() {
    /** @type {Map<string, Script>} */
    this.scripts = new Map();
    /** @type {{label: string, path: string, body?: any}[]} */
    this.records = [];
    this.serial = 0;
    this.server = http.createServer((req, res) => { this.#serve(req, res).catch(() => res.destroy()); });
  }

  /** As listener of another server: all requests belong to label, below path. */
  as(label, path) {
    return (req, res) => {
      req.url = `/${label}${req.url.replace(path, '/v1')}`;
      this.#serve(req, res).catch(() => res.destroy());
    };
  }

  async listen() {
    await new Promise((ok) => this.server.listen(0, '127.0.0.1', () => ok(undefined)));
    this.origin = `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (this.server.address()).port}`;
    return this;
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** Sets what label does from now on, and says its base URL. @param {string} label @param {Script} script */
  script(label, script) {
    this.scripts.set(label, script);
    return `${this.origin}/${label}/v1`;
  }

  async #serve(req, res) {
    const chunks = [];
    for await (const c of req) chunks.push(c);
    const [, label = '', path = ''] = /^\/([^/]+)(\/.*)$/.exec(new URL(req.url, 'http://upstream').pathname) ?? [];
    const script = this.scripts.get(label);
    const record = { label, path };
    this.records.push(record);
    const format = path === '/v1/messages' ? 'anthropic' : 'openai-chat';
    const json = (status, body, headers = {}) => { res.writeHead(status, { 'content-type': 'application/json', ...headers }); res.end(JSON.stringify(body)); };
    if (!script) return json(404, { error: { message: `nothing is scripted for ${label}` } });
    const refuse = (kind, status, message) => {
      const e = writeError(format, { status, kind, message, retryAfter: script.retryAfter });
      json(status, e.body, e.headers);
    };
    const shown = req.headers['x-api-key'] ?? req.headers.authorization?.replace(/^Bearer /, '');
    if (!script.anyKey && shown !== (script.key ?? KEY)) return refuse('auth', 401, 'Incorrect API key provided.');
    if (path === '/v1/models') {
      if (script.modelsStatus) return refuse('broken', script.modelsStatus, 'no list today');
      return json(200, { object: 'list', data: (script.models ?? ['gpt-4.1-mini']).map((id) => ({ id, object: 'model', type: 'model', display_name: id, created: 1, created_at: '2026-01-01T00:00:00Z', owned_by: label })), has_more: false });
    }
    if (path !== '/v1/chat/completions' && path !== '/v1/messages') return refuse('missing', 404, `no route ${path}`);
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    Object.assign(record, { body });
    if (script.delayMs) await new Promise((ok) => setTimeout(ok, script.delayMs));
    if (script.status) return refuse(script.kind ?? 'broken', script.status, script.message ?? 'scripted upstream says no');
    const answer = { parts: [{ text: script.text ?? 'Hello from the scripted upstream.' }], finish: 'stop', usage: script.usage ?? USAGE };
    const ids = { id: `e2e${++this.serial}`, model: body.model, includeUsage: body.stream_options?.include_usage === true };
    if (!body.stream) return json(200, writeBody(format, answer, ids));
    res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    for (const f of writeFrames(format, answer, ids)) res.write(f.text);
    return res.end();
  }
}
