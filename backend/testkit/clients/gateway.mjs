// Starts the gateway under test, configures it over its management API (facts/api.md) and stops it; also the counting of checks.
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { keyOf } from './double.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
export const BINARY = path.resolve(here, process.env.OMNIROUTE_BIN || '../../../build/bin/omniroute');

const NODE_TYPES = {
  'openai-chat': { type: 'openai-compatible', apiType: 'chat' }, 'openai-responses': { type: 'openai-compatible', apiType: 'responses' },
  anthropic: { type: 'anthropic-compatible' }, gemini: { type: 'gemini-compatible' },
};

export async function freePort() {
  const s = net.createServer(); await new Promise((ok) => s.listen(0, '127.0.0.1', ok));
  const { port } = s.address(); await new Promise((ok) => s.close(ok));
  return port;
}

export class Gateway {
  static async start() {
    if (!fs.existsSync(BINARY)) throw new Error(`no gateway at ${BINARY}: run make build or set OMNIROUTE_BIN`);
    const g = new Gateway(); g.home = fs.mkdtempSync(path.join(os.tmpdir(), 'omniroute-clients-')); g.dataDir = path.join(g.home, 'data');
    const port = await freePort(); g.url = `http://127.0.0.1:${port}`; g.prefixes = new Map(); g.log = '';
    g.process = spawn(BINARY, ['serve', '--no-open', '--port', String(port)], { env: { PATH: process.env.PATH, HOME: g.home, DATA_DIR: g.dataDir }, stdio: ['ignore', 'pipe', 'pipe'] });
    g.exited = new Promise((ok) => g.process.once('exit', (code, signal) => { g.code = code ?? signal; ok(g.code); }));
    for (const s of [g.process.stdout, g.process.stderr]) s.on('data', (d) => { g.log = (g.log + d).slice(-20000); });
    for (let i = 0; i < 300; i++) {
      if (g.code !== undefined) throw new Error(`the gateway ended with ${g.code}:\n${g.log}`);
      try { if ((await fetch(`${g.url}/healthz`)).ok) return g; } catch { /* not listening yet */ }
      await sleep(100);
    }
    await g.stop(); throw new Error(`the gateway did not become ready in 30 s:\n${g.log}`);
  }

  async stop() {
    this.process.kill('SIGTERM');
    const code = await Promise.race([this.exited, sleep(35000)]);
    if (this.code === undefined) this.process.kill('SIGKILL');
    fs.rmSync(this.home, { recursive: true, force: true });
    return code;
  }

  async api(method, route, body, { admin = false } = {}) {
    const authorization = admin ? `Bearer ${fs.readFileSync(path.join(this.dataDir, 'admin-token'), 'utf8').trim()}` : undefined;
    const res = await fetch(this.url + route, { method, headers: { ...(body && { 'content-type': 'application/json' }), ...(authorization && { authorization }) }, body: body && JSON.stringify(body) });
    const text = await res.text();
    if (!res.ok) throw new Error(`${method} ${route} answered ${res.status}: ${text.slice(0, 300)}`);
    return text ? JSON.parse(text) : undefined;
  }

  // The prefix of a node with one account that points at label of the double; made when first asked for.
  async prefix(double, format, label) {
    if (!this.prefixes.has(label)) {
      const version = { 'openai-chat': '/v1', 'openai-responses': '/v1', anthropic: '', gemini: '' }[format];
      const { node } = await this.api('POST', '/api/provider-nodes', { name: label, prefix: label, ...NODE_TYPES[format], baseUrl: `${double.origin}/${label}${version}` });
      await this.api('POST', '/api/providers', { provider: node.id, name: `${label} account`, apiKey: keyOf(format) });
      this.prefixes.set(label, node.prefix);
    }
    return this.prefixes.get(label);
  }
}

// Collects the checks of one cell of a matrix and prints one line for it.
export class Cell {
  constructor(name) { this.name = name; this.passed = 0; this.failed = []; }
  ok(what, condition, got) {
    if (condition) this.passed++;
    else this.failed.push(got === undefined ? what : `${what}: got ${typeof got === 'string' ? got : JSON.stringify(got)}`.slice(0, 400));
  }
  is(what, got, want) { this.ok(what, Object.is(got, want) || JSON.stringify(got) === JSON.stringify(want), got === undefined ? 'nothing' : got); }
  // Runs part of the cell; an exception is one failed check.
  async part(what, fn) { try { await fn(); } catch (e) { this.failed.push(`${what}: ${e?.name ?? 'Error'} ${String(e?.message ?? e).slice(0, 400)}${process.env.VERBOSE ? `\n${e?.stack}` : ''}`); } }
  print() {
    console.log(`${this.failed.length ? 'FAIL' : 'ok  '} ${this.name}: ${this.passed} passed${this.failed.length ? `, ${this.failed.length} failed` : ''}`);
    for (const f of this.failed) console.log(`       - ${f}`);
  }
}

export function finish(cells) {
  const failed = cells.filter((c) => c.failed.length).length;
  console.log(`${cells.length - failed} passed, ${failed} failed`);
  process.exitCode = failed ? 1 : 0;
}
