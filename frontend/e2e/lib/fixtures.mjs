// Data to look at, made only through /api and /v1 like a user's own: empty, small, busy, broken.
import { KEY, Upstream } from './upstream.mjs';
import { Server } from './server.mjs';

/** A server and its upstreams, with what a fixture made. */
export class Stage {
  /** @param {Server} server @param {Upstream} upstream */
  constructor(server, upstream) {
    this.server = server;
    this.upstream = upstream;
    /** @type {Map<string, any>} connections by label */
    this.accounts = new Map();
    this.nodes = new Map();
    this.combos = new Map();
    this.keys = new Map();
    /** id of the request that pictures and pages show @type {string | undefined} */
    this.shown = undefined;
  }

  async close() {
    await this.server.stop();
    this.upstream.close();
  }

  /**
   * A custom node with one account whose upstream follows script.
   * @param {string} label also its prefix @param {import('./upstream.mjs').Script} [script]
   */
  async account(label, script = {}, { name = `${label} account`, title = label } = {}) {
    const baseUrl = this.upstream.script(label, script);
    if (!this.nodes.has(label)) {
      const { node } = await this.server.api('POST', '/api/provider-nodes', { name: title, prefix: label, type: 'openai-compatible', apiType: 'chat', baseUrl });
      this.nodes.set(label, node);
    }
    const { connection } = await this.server.api('POST', '/api/providers', { provider: this.nodes.get(label).id, name, apiKey: script.key ?? KEY });
    this.accounts.set(label, connection);
    return connection;
  }

  /** An account of a provider of the catalogue whose calls go to the scripted upstream. @param {string} provider @param {import('./upstream.mjs').Script} [script] */
  async listed(provider, script = {}, name = `${provider}-1`, label = `${provider}-${this.accounts.size + 1}`) {
    const { connection } = await this.server.api('POST', '/api/providers', { provider, name, apiKey: script.key ?? KEY, baseUrl: this.upstream.script(label, script) });
    this.accounts.set(label, connection);
    return connection;
  }

  async combo(name, models, { activate = false } = {}) {
    const { combo } = await this.server.api('POST', '/api/combos', { name, models, strategy: 'priority' });
    this.combos.set(name, combo);
    if (activate) await this.server.api('POST', `/api/combos/${combo.id}/activate`, {});
    return combo;
  }

  async key(name, more = {}) {
    const made = await this.server.api('POST', '/api/keys', { name, ...more });
    this.keys.set(name, made);
    return made;
  }

  async ready() {
    await this.server.api('PATCH', '/api/settings', { setupComplete: true });
  }
}

const AGENTS = ['claude-cli/2.1.220 (external, cli)', 'codex_cli_rs/0.63.0', 'GeminiCLI/0.21.0', 'Cursor/2.1', 'e2e/1.0'];

/** @type {Record<string, (s: Stage) => Promise<void>>} */
const MAKERS = {
  // Set up, and nothing else: before that, Home leads to the setup.
  async empty(s) {
    await s.ready();
  },

  async small(s) {
    await s.account('north', { text: 'The north answers.', models: ['gpt-4.1-mini', 'gpt-5.1'] }, { title: 'North Cloud' });
    await s.account('south', { text: 'The south answers.' }, { title: 'South Cloud' });
    await s.account('tired', { status: 429, kind: 'rate', retryAfter: 600, message: 'Rate limit reached for requests' }, { title: 'Tired Cloud' });
    await s.combo('always-on', ['tired/gpt-4.1-mini', 'north/gpt-4.1-mini', 'south/gpt-4.1-mini'], { activate: true });
    await s.combo('south-only', ['south/gpt-4.1-mini']);
    const { key } = await s.key('laptop');
    await s.key('ci', { allowedModels: ['south/gpt-4.1-mini'] });
    for (let i = 0; i < 6; i++) await s.server.chat('auto', `Question ${i}`, { key, agent: AGENTS[i % AGENTS.length], stream: i % 2 === 1 });
    await s.server.chat('nobody/nothing', 'Lost', { key });
    await s.ready();
  },

  async busy(s) {
    const labels = [];
    for (let i = 1; i <= 24; i++) {
      const label = `cloud${String(i).padStart(2, '0')}`;
      labels.push(label);
      await s.account(label, { text: `Answer of ${label}.`, models: ['gpt-4.1-mini', 'gpt-5.1', 'o4-mini'] }, { title: `Cloud ${i}` });
    }
    for (const provider of ['groq', 'deepseek', 'mistral', 'xai', 'openrouter']) await s.listed(provider, {}, `${provider} of the whole team, shared`);
    for (let i = 0; i < 10; i++) await s.combo(i ? `combo-${i}-with-a-rather-long-name` : 'always-on', [0, 1, 2, 3].map((n) => `${labels[(i * 2 + n) % labels.length]}/gpt-4.1-mini`), { activate: i === 0 });
    const keys = [];
    for (let i = 1; i <= 20; i++) keys.push((await s.key(`machine-${i}`)).key);
    for (let i = 0; i < 600; i++) {
      const model = i % 9 === 0 ? 'nobody/nothing' : i % 4 === 0 ? 'auto' : `${labels[i % labels.length]}/gpt-4.1-mini`;
      await s.server.chat(model, `Question ${i}`, { key: keys[i % keys.length], agent: AGENTS[i % AGENTS.length], stream: i % 3 === 0 });
    }
    await s.ready();
  },

  // What a working week looks like; the pictures of docs/screenshots show it.
  async gallery(s) {
    const usage = { input: 18240, cacheRead: 15100, cacheWrite: 900, output: 612, reasoning: 120 };
    await s.listed('anthropic', { delayMs: 840, usage, models: ['claude-opus-4-6', 'claude-sonnet-4-6'] }, 'work', 'anthropic-work');
    await s.listed('openai', { delayMs: 620, usage, models: ['gpt-4.1', 'gpt-4.1-mini'] }, 'team', 'openai-team');
    await s.listed('groq', { delayMs: 180, models: ['llama-3.3-70b-versatile', 'llama-3.1-8b-instant'] }, 'free tier', 'groq-free');
    await s.listed('deepseek', { delayMs: 390, usage, models: ['deepseek-chat', 'deepseek-reasoner'] }, 'personal', 'deepseek-personal');
    await s.account('office', { models: ['qwen3-coder', 'gpt-oss-120b'] }, { title: 'Office server', name: 'rack 2' });
    await s.combo('always-on', ['anthropic/claude-opus-4-6', 'openai/gpt-4.1', 'ds/deepseek-chat', 'groq/llama-3.3-70b-versatile'], { activate: true });
    await s.combo('cheap', ['ds/deepseek-chat', 'groq/llama-3.1-8b-instant']);
    await s.combo('in-house', ['office/qwen3-coder', 'office/gpt-oss-120b']);
    const laptop = (await s.key('laptop')).key;
    const ci = (await s.key('build server', { allowedModels: ['ds/deepseek-chat', 'office/qwen3-coder'] })).key;
    const ask = (model, key, agent, i) => s.server.chat(model, `Question ${i}`, { key, agent, stream: i % 2 === 0 });
    await Promise.all([0, 1, 2, 3, 4, 5, 6, 7, 8].map((i) => ask('auto', laptop, AGENTS[i % 3], i)));
    await Promise.all([0, 1, 2, 3].map((i) => ask('ds/deepseek-chat', ci, AGENTS[4], i)));
    await ask('office/qwen3-coder', ci, AGENTS[4], 1);
    await ask('openai/gpt-4.1-mini', laptop, AGENTS[3], 2);
    // One that falls back over a format: what could not travel is listed.
    s.upstream.script('openai-team', { status: 503, kind: 'overloaded', message: 'The server is overloaded.' });
    await s.combo('careful', ['openai/gpt-4.1', 'anthropic/claude-opus-4-6']);
    s.shown = (await s.server.chat('careful', 'Question', { key: laptop, agent: AGENTS[1], stream: true, more: { frequency_penalty: 0.4, seed: 7, logit_bias: { 1734: -10 } } })).id;
    s.upstream.script('openai-team', { delayMs: 620, usage, models: ['gpt-4.1', 'gpt-4.1-mini'] });
    // From here on the first choice rests, and the second refuses once.
    s.upstream.script('anthropic-work', { status: 429, kind: 'rate', retryAfter: 1740, message: 'This request would exceed your rate limit.' });
    await ask('auto', laptop, AGENTS[0], 3);
    s.upstream.script('openai-team', { status: 503, kind: 'overloaded', message: 'The server is overloaded.' });
    await ask('auto', laptop, AGENTS[1], 5);
    s.upstream.script('openai-team', { delayMs: 620, usage, models: ['gpt-4.1', 'gpt-4.1-mini'] });
    await ask('nobody/gpt-5', laptop, AGENTS[2], 7);
    for (let i = 0; i < 3; i++) await ask('auto', laptop, AGENTS[i], i);
    await s.ready();
  },

  async broken(s) {
    await s.account('refused', { key: KEY }, { title: 'Refused Cloud' });
    s.upstream.script('refused', { key: 'sk-other' });
    await s.account('down', { status: 500, message: 'internal error' }, { title: 'Down Cloud' });
    await s.account('limited', { status: 429, kind: 'rate', retryAfter: 900, message: 'Rate limit reached for requests' }, { title: 'Limited Cloud' });
    const off = await s.account('off', {}, { title: 'Off Cloud' });
    await s.server.api('PUT', `/api/providers/${off.id}`, { isActive: false });
    await s.combo('always-on', ['refused/gpt-4.1-mini', 'down/gpt-4.1-mini', 'limited/gpt-4.1-mini', 'off/gpt-4.1-mini'], { activate: true });
    const { key } = await s.key('laptop');
    for (let i = 0; i < 8; i++) {
      await s.server.chat('down/gpt-4.1-mini', `Question ${i}`, { key });
      await s.server.chat('auto', `Question ${i}`, { key });
    }
    await s.server.chat('limited/gpt-4.1-mini', 'More', { key });
    await s.ready();
  },
};

/** @param {'empty' | 'small' | 'busy' | 'broken' | 'gallery'} name @param {{env?: Record<string, string>}} [options] */
export async function stage(name, options = {}) {
  const upstream = await new Upstream().listen();
  const server = await Server.start(options);
  const s = new Stage(server, upstream);
  try {
    await MAKERS[name](s);
  } catch (e) {
    await s.close();
    throw e;
  }
  return s;
}
