// The official SDKs as clients of the gateway, against scripted upstreams of all four formats: a 4 × 4 matrix.
//   node sdk.mjs [--direct] [WORD…]     --direct: each SDK straight at the double of its own format, to prove the script itself
//                                       WORD: only cells whose name contains it · VERBOSE=1 prints stacks
// A client (sdk-*.mjs) has: ask(model, prompt, {stream, rich, thinking}) → {text, thinking, finish, usage, deltas, native} ·
//   watch(model, prompt) → {text, complete, error?} reads a stream raw · tools / thinkingTools(model, prompt, run, {stream}) → final text ·
//   structured(model, prompt, {stream}) → object · count?(model, prompt) → tokens · error(e) → {known, name, status, message, type?, code?}
import { Double, FORMATS, MODELS, keyOf } from './double.mjs';
import { Cell, Gateway, finish } from './gateway.mjs';
import { COUNT, MULTIBYTE, SIGNATURES, THOUGHT, UPSTREAM_SAYS, USAGE, WEATHER } from './scenarios.mjs';
import { AnthropicClient } from './sdk-anthropic.mjs';
import { GenaiClient } from './sdk-genai.mjs';
import { ChatClient, ResponsesClient } from './sdk-openai.mjs';
import { weather } from './sdk-shared.mjs';

const CLIENTS = [ChatClient, ResponsesClient, AnthropicClient, GenaiClient];
const CLIENT_KEY = 'sk-client-of-the-sdk';
const direct = process.argv.includes('--direct');
const words = process.argv.slice(2).filter((a) => !a.startsWith('--'));

// Every exchange of the SDKs passes here: what was sent, and the headers that came back.
const wire = []; const realFetch = globalThis.fetch;
globalThis.fetch = async (input, init) => {
  const entry = { url: String(input?.url ?? input), body: typeof init?.body === 'string' ? init.body : undefined };
  const res = await realFetch(input, init);
  entry.headers = res.headers; entry.status = res.status; wire.push(entry);
  return res;
};

let serial = 0;
const prompt = (scenario, more = '') => `[scenario:${scenario}] request ${++serial}. ${more}`;
const modes = [false, true].map((stream) => ({ stream, how: stream ? 'stream' : 'whole' }));

// One cell: a client, an upstream format, and where to send requests.
class Matrix {
  constructor(double, gateway, Client, upstream) {
    Object.assign(this, { double, gateway, upstream, format: Client.format, native: Client.format === upstream });
    this.cell = new Cell(`${Client.format} → ${upstream}`);
    this.label = `${Client.format}-to-${upstream}`.replaceAll('openai-', ''); // a prefix has at most 50 characters
    this.client = new Client(direct ? `${double.origin}/${this.label}` : gateway.url, direct ? keyOf(upstream) : CLIENT_KEY);
  }

  // The model name that reaches the double under a label; failing scenarios get upstreams of their own, so that what the gateway
  // learns from a failure (cooling, breakers) touches no other check.
  async model(suffix = '') {
    return direct ? MODELS[this.upstream] : `${await this.gateway.prefix(this.double, this.upstream, this.label + suffix)}/${MODELS[this.upstream]}`;
  }

  async run() {
    const mark = this.double.records.length; const sent = wire.length; this.double.native = () => this.native;
    for (const part of ['text', 'finishes', 'tools', 'structured', 'thinking', 'multibyte', 'count', 'conversation', 'errors', 'streamErrors']) await this.cell.part(part, () => this[part]());
    const records = this.double.records.slice(mark);
    this.cell.is('broken requests upstream', [...new Set(records.flatMap((r) => r.problems))], []);
    this.cell.ok('the key of the client never goes upstream', !records.some((r) => JSON.stringify(r.headers).includes(CLIENT_KEY)));
    if (!direct) this.cell.ok('every reply has a request id', wire.slice(sent).every((w) => w.url.includes('/api/') || w.headers.get('x-omniroute-request-id')));
    this.cell.print();
    return this.cell;
  }

  usage(what, got) {
    const want = { input: USAGE.input, cacheRead: USAGE.cacheRead, output: USAGE.output, reasoning: USAGE.reasoning };
    for (const [k, n] of Object.entries(want)) this.cell.is(`${what}: usage.${k}`, got?.[k], n);
    if (this.format !== 'gemini' && this.upstream !== 'gemini') this.cell.is(`${what}: usage.cacheWrite`, got?.cacheWrite, USAGE.cacheWrite);
  }

  // The same format on both sides: the bytes arrive as they were sent, but for the model (and usage asked for in a chat stream).
  sameBytes(what, record) {
    if (!this.native || direct) return;
    const body = wire.at(-1).body; const bare = body.replace(/("model":\s*")[^"]*\//, '$1');
    if (this.format !== 'openai-chat' || !record.req.stream) return this.cell.ok(`${what}: bytes arrive untouched`, record.raw === bare, record.raw.slice(0, 200));
    const drop = (text) => { const { stream_options, ...rest } = JSON.parse(text); return JSON.stringify(rest); };
    this.cell.is(`${what}: body arrives untouched`, drop(record.raw), drop(bare));
  }

  async text() {
    const system = 'You are terse. Never apologise.';
    for (const { stream, how } of modes) await this.cell.part(`text ${how}`, async () => {
      const mark = this.double.records.length;
      const r = await this.client.ask(await this.model(), prompt('text', 'Say hello.'), { stream, rich: { system } });
      this.cell.is(`text ${how}`, r.text, 'Hello from the scripted upstream.');
      this.cell.is(`text ${how}: finish`, r.finish, 'stop');
      this.usage(`text ${how}`, r.usage);
      if (stream) this.cell.ok('text streams in pieces', r.deltas > 2, r.deltas);
      const [record] = this.double.since(mark); const req = record?.req ?? {};
      this.cell.is(`text ${how}: upstream calls`, this.double.since(mark).length, 1);
      this.cell.is(`text ${how}: upstream streams`, req.stream, stream);
      this.cell.ok(`text ${how}: system prompt arrives`, req.system?.includes(system), req.system);
      this.cell.is(`text ${how}: max tokens arrive`, req.maxTokens, 333);
      // A reasoning model may refuse sampling: then the gateway leaves it out.
      this.cell.ok(`text ${how}: temperature arrives`, req.temperature === 0.5 || (this.upstream === 'openai-responses' && !this.native && req.temperature === undefined), req.temperature);
      this.cell.is(`text ${how}: picture arrives`, req.turns?.at(-1)?.images, 1);
      if (req.stop && this.format !== 'openai-responses') this.cell.is(`text ${how}: stop arrives`, req.stop, ['<END>']);
      this.sameBytes(`text ${how}`, record);
    });
    const seen = await this.client.watch(await this.model(), prompt('text', 'Say hello again.'));
    this.cell.ok('raw stream completes', seen.complete && !seen.error, String(seen.error));
    this.cell.is('raw stream text', seen.text, 'Hello from the scripted upstream.');
    if (seen.usageChunks !== undefined) this.cell.is('usage chunks nobody asked for', seen.usageChunks, 0);
  }

  async finishes() {
    for (const { stream, how } of modes) for (const [scenario, text] of [['length', 'This answer is cut'], ['filter', '']]) await this.cell.part(`${scenario} ${how}`, async () => {
      const r = await this.client.ask(await this.model(), prompt(scenario), { stream });
      this.cell.is(`${scenario} ${how}: finish`, r.finish, scenario);
      this.cell.is(`${scenario} ${how}: text`, r.text, text);
    });
  }

  async tools() {
    for (const { stream, how } of modes) for (const [scenario, cities] of [['tools', ['Paris']], ['parallel', ['Paris', 'São Paulo']]]) await this.cell.part(`${scenario} ${how}`, async () => {
      const mark = this.double.records.length; const { called, run } = weather();
      const text = await this.client.tools(await this.model(), prompt(scenario, 'Weather please.'), run, { stream });
      this.cell.is(`${scenario} ${how}: calls run`, called, cities);
      this.cell.ok(`${scenario} ${how}: final text names every result`, text.endsWith(cities.map((c) => `${c}: ${WEATHER[c]}`).join('; ')), text);
      const [record] = this.double.since(mark);
      this.cell.is(`${scenario} ${how}: tool declared`, record?.req?.tools?.map((t) => [t.name, Object.keys(t.schema?.properties ?? {})]), [['get_weather', ['city']]]);
    });
  }

  async structured() {
    for (const { stream, how } of modes) await this.cell.part(`structured ${how}`, async () => {
      const mark = this.double.records.length;
      this.cell.is(`structured ${how}: parsed`, await this.client.structured(await this.model(), prompt('structured', 'Who?'), { stream }), { name: 'Ada', year: 1815, tags: ['math', 'poetry'] });
      this.cell.is(`structured ${how}: schema arrives`, Object.keys(this.double.since(mark)[0]?.req?.schema?.properties ?? {}), ['name', 'year', 'tags']);
    });
  }

  async thinking() {
    for (const { stream, how } of modes) {
      await this.cell.part(`thinking ${how}`, async () => {
        const r = await this.client.ask(await this.model(), prompt('thinking', 'Think.'), { stream, thinking: true });
        this.cell.is(`thinking ${how}: thought`, r.thinking, THOUGHT);
        this.cell.is(`thinking ${how}: text`, r.text, 'The answer is 42.');
        if (this.native) this.cell.ok(`thinking ${how}: wish arrives`, this.double.records.at(-1).req.wantsThinking);
        if (this.native && this.format === 'anthropic') this.cell.is(`thinking ${how}: signature`, r.native.content[0].signature, SIGNATURES.anthropic);
      });
      await this.cell.part(`thinking + tools ${how}`, async () => {
        const { called, run } = weather();
        const text = await this.client.thinkingTools(await this.model(), prompt('thinking-tools', 'Weather please.'), run, { stream });
        const signature = SIGNATURES[this.upstream] ?? 'none';
        this.cell.is(`thinking + tools ${how}: calls run`, called, ['Paris']);
        this.cell.is(`thinking + tools ${how}: result and signature return to the upstream`, text, `Paris: ${WEATHER.Paris} | signatures: ${signature}`);
      });
    }
  }

  async multibyte() {
    for (const { stream, how } of modes) await this.cell.part(`multibyte ${how}`, async () => {
      this.cell.is(`multibyte ${how}`, (await this.client.ask(await this.model(), prompt('multibyte', MULTIBYTE), { stream })).text, MULTIBYTE);
      this.cell.ok(`multibyte ${how}: prompt arrives`, this.double.records.at(-1).req.turns.at(-1).texts.join('').includes(MULTIBYTE));
    });
  }

  // The number of an upstream that counts, or a sane estimate.
  async count() {
    if (!this.client.count) return;
    const mark = this.double.records.length;
    const n = await this.client.count(await this.model(), `Count this sentence of about a dozen words for me, request ${++serial}.`);
    const asked = this.double.records.slice(mark).some((r) => r.action === 'count');
    if (this.native || asked) this.cell.is('token count of the upstream', n, COUNT);
    else this.cell.ok('token count is estimated', Number.isInteger(n) && n > 5 && n < 200, n);
    this.cell.is('counting generates nothing', this.double.since(mark).length, 0);
  }

  // A response is continued by its id although this upstream keeps nothing; an id nobody knows is refused.
  async conversation() {
    if (!this.client.follow || this.native) return;
    const mark = this.double.records.length; const first = prompt('text', 'My name is Ada.');
    this.cell.is('continued response: text', await this.client.follow(await this.model(), [first, prompt('text', 'What is my name?')]), 'Hello from the scripted upstream.');
    const turns = this.double.since(mark)[1]?.req?.turns ?? [];
    this.cell.is('continued response: the upstream gets the whole conversation', turns.map((t) => t.role), ['user', 'assistant', 'user']);
    this.cell.ok('continued response: first words', turns[0]?.texts.join('') === first, turns[0]?.texts);
    let e; try { await this.client.follow(await this.model(), [prompt('text')], 'resp_nobody_knows'); } catch (x) { e = x; }
    this.cell.is('unknown previous_response_id', [e?.status, e?.param], [400, 'previous_response_id']);
  }

  async errors() {
    const anthropic = this.format === 'anthropic'; const gemini = this.format === 'gemini';
    const cases = { // scenario: [status, class, anthropic type, openai type, openai code]
      'http-400': [400, 'BadRequestError', 'invalid_request_error', 'invalid_request_error'],
      'http-401': [401, 'AuthenticationError', 'authentication_error', 'authentication_error', 'invalid_api_key'],
      'http-404': [404, 'NotFoundError', 'not_found_error', 'invalid_request_error', 'model_not_found'],
      'http-429': [429, 'RateLimitError', 'rate_limit_error', 'rate_limit_error', 'rate_limit_exceeded'],
      'http-500': [500, 'InternalServerError', 'api_error', 'server_error'],
      'http-529': [anthropic ? 529 : 503, anthropic ? 'OverloadedError' : 'InternalServerError', 'overloaded_error', 'server_error', 'overloaded'],
    };
    for (const { stream, how } of modes) for (const [scenario, [status, name, typeA, typeO, code]] of Object.entries(cases)) await this.cell.part(`${scenario} ${how}`, async () => {
      const what = `${scenario} ${how}`; const model = await this.model(`-${scenario}-${how}`); let e;
      try { await this.client.ask(model, prompt(scenario), { stream }); } catch (x) { e = this.client.error(x); }
      if (!e) return this.cell.ok(`${what}: raises`, false, 'an answer');
      this.cell.ok(`${what}: error of the SDK`, e.known, `${e.name}: ${e.message}`);
      this.cell.is(`${what}: class`, e.name, gemini ? 'ApiError' : name);
      this.cell.is(`${what}: status`, e.status, status);
      this.cell.ok(`${what}: words of the upstream`, e.message.includes(UPSTREAM_SAYS), e.message);
      if (anthropic) this.cell.is(`${what}: type`, e.type, typeA);
      else if (!gemini) { this.cell.is(`${what}: type`, e.type, typeO); if (code) this.cell.is(`${what}: code`, e.code, code); }
      if (scenario === 'http-429' && !(direct && gemini)) this.cell.is(`${what}: retry-after`, wire.at(-1).headers.get('retry-after'), '7');
    });
  }

  // Errors inside a stream, and streams that just end: an error before content keeps its status, nothing is ever called complete.
  async streamErrors() {
    for (const scenario of ['error-first', 'error-after', 'cut']) await this.cell.part(scenario, async () => {
      const seen = await this.client.watch(await this.model(`-${scenario}`), prompt(scenario));
      this.cell.ok(`${scenario}: never complete`, !seen.complete);
      if (!direct || scenario !== 'cut') this.cell.ok(`${scenario}: raises`, seen.error);
      if (scenario === 'error-first') { this.cell.is(`${scenario}: no text`, seen.text, ''); if (!direct) this.cell.ok(`${scenario}: has a status`, seen.error?.status >= 500, `${seen.error?.status} ${seen.error?.message}`); }
      else this.cell.ok(`${scenario}: text before it`, seen.text.startsWith('Some words'), seen.text);
      let helper; try { helper = await this.client.ask(await this.model(`-${scenario}-helper`), prompt(scenario), { stream: true }); } catch { /* as it should */ }
      this.cell.ok(`${scenario}: the stream helper gives no final answer`, !helper || (direct && !helper.finish) || helper.finish === 'failed' || (direct && helper.finish === 'in_progress'), helper?.finish);
    });
    if (direct) return;
    let e; try { await this.client.ask(await this.model('-cut-whole'), prompt('cut')); } catch (x) { e = this.client.error(x); }
    this.cell.ok('cut body: an upstream error', e?.known && e.status >= 500, e);
  }
}

const double = await new Double().listen(); const cells = []; let gateway;
try {
  gateway = direct ? undefined : await Gateway.start();
  for (const Client of CLIENTS) for (const upstream of FORMATS) {
    if (direct ? Client.format !== upstream : !words.every((w) => `${Client.format} ${upstream}`.includes(w))) continue;
    cells.push(await new Matrix(double, gateway, Client, upstream).run());
  }
  finish(cells);
} catch (e) {
  console.log(`FAIL ${e.message}`); process.exitCode = 1;
} finally {
  if (gateway && process.env.VERBOSE) console.log(gateway.log);
  if (gateway) { const code = await gateway.stop(); if (code !== 0) { console.log(`FAIL the gateway ended with ${code} after SIGTERM\n${gateway.log.slice(-2000)}`); process.exitCode = 1; } }
  double.close();
}
