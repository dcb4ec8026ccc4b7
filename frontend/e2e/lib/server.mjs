// The real server binary on a free port with its own data directory, and the calls that prepare it: only /api and /v1, like a user.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
export const BINARY = path.resolve(root, process.env.OMNIROUTE_BIN || 'build/bin/omniroute');
export const ROOT = root;

export async function freePort() {
  const s = net.createServer();
  await new Promise((ok) => s.listen(0, '127.0.0.1', () => ok(undefined)));
  const { port } = /** @type {net.AddressInfo} */ (s.address());
  await new Promise((ok) => s.close(ok));
  return port;
}

/** An answer of the gateway that was not 2xx. */
export class ApiError extends Error {
  constructor(method, route, status, body) {
    super(`${method} ${route} answered ${status}: ${JSON.stringify(body).slice(0, 400)}`);
    this.status = status;
    this.body = body;
  }
}

export class Server {
  /** Servers that still run; the runner ends what a failed test left. */
  static running = new Set();

  /** @type {string} */ home;
  /** @type {string} */ dataDir;
  /** @type {Record<string, string>} */ env;
  /** @type {string[]} */ wrap;
  /** @type {number} */ port;
  /** http://127.0.0.1:PORT @type {string} */ url;
  /** @type {import('node:child_process').ChildProcess} */ process;
  /** exit code or signal name; undefined while it runs @type {number | string | undefined} */ code;
  /** @type {Promise<number | string>} */ exited;
  out = '';
  log = '';

  /** @param {{env?: Record<string, string>, wrap?: string[]}} [options] env is added to a bare environment; wrap is a command that starts the rest */
  static async start({ env = {}, wrap = [] } = {}) {
    const s = new Server();
    s.home = fs.mkdtempSync(path.join(os.tmpdir(), 'omniroute-e2e-'));
    s.dataDir = path.join(s.home, 'data');
    s.env = env;
    s.wrap = wrap;
    s.port = await freePort();
    s.url = `http://127.0.0.1:${s.port}`;
    await s.up();
    return s;
  }

  /** Starts the process; again after kill() or down(), on the same port and data. */
  async up() {
    if (!fs.existsSync(BINARY)) throw new Error(`no server at ${BINARY}: run make build, or set OMNIROUTE_BIN`);
    this.out = '';
    this.log = '';
    this.code = undefined;
    const [command, ...rest] = [...this.wrap, BINARY, 'serve', '--no-open', '--port', String(this.port)];
    const child = spawn(command, rest, {
      env: { PATH: process.env.PATH, HOME: this.home, DATA_DIR: this.dataDir, ...this.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process = child;
    this.exited = new Promise((ok) => child.once('exit', (code, signal) => { this.code = code ?? signal; Server.running.delete(this); ok(this.code); }));
    Server.running.add(this);
    child.stdout.on('data', (d) => { this.out += d; });
    child.stderr.on('data', (d) => { this.log = (this.log + d).slice(-50000); });
    for (let i = 0; i < 600; i++) {
      if (this.code !== undefined) throw new Error(`the server ended with ${this.code}:\n${this.log}`);
      // The second line is printed last.
      if (this.out.split('\n').length > 2) return;
      await pause(50);
    }
    await this.stop();
    throw new Error(`the server was not ready in 30 s:\n${this.out}${this.log}`);
  }

  /** The link that the start printed; it signs in one browser, once. */
  get printedLink() {
    const found = /http:\/\/\S+#\/sign-in\/\S+/.exec(this.out);
    if (!found) throw new Error(`no sign-in link in: ${this.out}`);
    return found[0];
  }

  /** A fresh link, as `omniroute open` makes it. */
  async link() {
    const { url } = await this.api('POST', '/api/system/sign-in-link', {});
    return url;
  }

  get adminToken() { return fs.readFileSync(path.join(this.dataDir, 'admin-token'), 'utf8').trim(); }

  /** One call of the management API as a script makes it. Throws ApiError. @param {string} method @param {string} route @param {any} [body] */
  async api(method, route, body) {
    const res = await fetch(this.url + route, {
      method,
      headers: { authorization: `Bearer ${this.adminToken}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await res.text();
    const value = text ? JSON.parse(text) : undefined;
    if (!res.ok) throw new ApiError(method, route, res.status, value);
    return value;
  }

  /**
   * One request of an agent; never throws for a status.
   * @param {string} model @param {string} [prompt] @param {{key?: string, agent?: string, stream?: boolean, more?: object}} [options] more: further fields of the body
   */
  async chat(model, prompt = 'Hello', { key, agent = 'e2e/1.0', stream = false, more = {} } = {}) {
    const res = await fetch(`${this.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': agent, ...(key && { authorization: `Bearer ${key}` }) },
      body: JSON.stringify({ model, stream, ...(stream && { stream_options: { include_usage: true } }), messages: [{ role: 'user', content: prompt }], ...more }),
    });
    return { status: res.status, id: res.headers.get('x-omniroute-request-id'), model: res.headers.get('x-omniroute-model'), text: await res.text() };
  }

  /** SIGTERM; resolves to the exit code. */
  async down() {
    if (this.code === undefined) this.process.kill('SIGTERM');
    return this.exited;
  }

  /** SIGKILL. */
  async kill() {
    this.process.kill('SIGKILL');
    return this.exited;
  }

  async stop() {
    const slow = setTimeout(() => this.process.kill('SIGKILL'), 35000);
    const code = await this.down();
    clearTimeout(slow);
    fs.rmSync(this.home, { recursive: true, force: true });
    return code;
  }
}
