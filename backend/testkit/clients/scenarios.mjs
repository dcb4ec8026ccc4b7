// What the scripted upstream answers. A prompt chooses by a word like [scenario:parallel]; the last one in the user turns counts.
// answer = {parts: [{thinking, signature} | {text} | {call: {id, name, args}}], finish: stop|length|filter|tool_calls, usage,
//           http?: {status, kind, retryAfter?}, fault?: error-first | error-after | cut, torn?: true}
import { createHash } from 'node:crypto';

// Token numbers of every answer: input includes both cache parts, output includes reasoning.
export const USAGE = { input: 120, cacheRead: 40, cacheWrite: 10, output: 30, reasoning: 12 };
export const COUNT = 4321;
export const MULTIBYTE = 'Grüße, 你好, naïve 👩‍👩‍👧‍👦 family, 𝄞 clef, Ω≠ø, 안녕 – end';
export const THOUGHT = 'First I compare both numbers, then I decide.';
const base64 = (s) => Buffer.from(s.repeat(8)).toString('base64');
export const SIGNATURES = { anthropic: 'EuYBCkQYAiJA' + base64('anthropic signature '), 'openai-responses': 'gAAAAAB' + base64('encrypted reasoning'), gemini: base64('gemini thought signature') };
export const WEATHER = { Paris: '21 degrees', 'São Paulo': '24 degrees' };

const HTTP = {
  'http-400': { status: 400, kind: 'invalid' }, 'http-401': { status: 401, kind: 'auth' }, 'http-404': { status: 404, kind: 'missing' },
  'http-429': { status: 429, kind: 'rate', retryAfter: 7 }, 'http-500': { status: 500, kind: 'broken' }, 'http-529': { status: 529, kind: 'overloaded' },
};
export const UPSTREAM_SAYS = 'scripted upstream says no';

const text = (t, more = {}) => ({ parts: [{ text: t }], finish: 'stop', ...more });
const lastResults = (req) => { const t = req.turns.at(-1); return t?.role === 'user' ? t.results : []; };

// A value that satisfies a JSON schema.
export function fill(schema, name = '') {
  const s = schema ?? {}; const type = Array.isArray(s.type) ? s.type.find((t) => t !== 'null') : s.type?.toLowerCase?.();
  if (s.const !== undefined) return s.const;
  if (s.enum) return s.enum[0];
  if (s.anyOf || s.oneOf) return fill((s.anyOf ?? s.oneOf)[0], name);
  if (type === 'object' || s.properties) return Object.fromEntries(Object.entries(s.properties ?? {}).filter(([k]) => (s.required ?? []).includes(k)).map(([k, v]) => [k, fill(v, k)]));
  if (type === 'array') return s.items ? [fill(s.items, name)] : [];
  if (type === 'integer' || type === 'number') return Math.max(s.minimum ?? 7, 7);
  if (type === 'boolean') return false;
  return `sample ${name}`.trim();
}

function weatherCalls(cities) { return cities.map((city, i) => ({ call: { id: `w${i + 1}_k3`, name: 'get_weather', args: { city } } })); }

// The final sentence repeats each result next to its call, so a wrong pairing shows in the text.
function weatherReport(req) {
  const results = lastResults(req); const calls = req.turns.at(-2)?.calls ?? [];
  return calls.map((c, i) => {
    const byId = results.find((r) => c.id && r.id === c.id); const r = byId ?? results[i];
    const found = Object.values(WEATHER).find((w) => r?.text.includes(w));
    return `${c.args?.city}: ${found ?? `unexpected result ${JSON.stringify(r ?? null)}`}`;
  }).join('; ');
}

// Names under which the agents declare their shell, and what the call's arguments are called.
const SHELLS = ['Bash', 'bash', 'shell', 'exec_command', 'shell_command', 'run_shell_command', 'local_shell'];

export function shellCall(tools, command) {
  const tool = SHELLS.map((n) => tools.find((t) => t.name === n)).find(Boolean);
  if (!tool) return undefined;
  const props = tool.schema?.properties ?? {}; const args = fill(tool.schema);
  if (props.cmd) args.cmd = command;
  else args.command = /array/i.test(String(props.command?.type)) ? ['bash', '-lc', command] : command;
  if (props.description) args.description = 'Write the marker file';
  return { call: { id: 'shell_1', name: tool.name, ...(tool.namespace && { namespace: tool.namespace }), args } };
}

// One task for an agent: run one shell command, then say what it printed. Side requests (titles, summaries) carry the prompt
// too, but no shell: they get a harmless answer.
function agentTask(req, { file }) {
  const printed = lastResults(req).map((r) => /wrote-[a-z0-9]+/.exec(r.text)?.[0]).find(Boolean);
  if (printed) return text(`Task finished: ${printed}.`);
  if (lastResults(req).length) return text(`Task failed, the shell said: ${lastResults(req).map((r) => r.text).join(' | ').slice(0, 500)}`);
  const word = `wrote-${createHash('sha256').update(file).digest('hex').slice(0, 10)}`;
  const call = shellCall(req.tools, `echo ${word} > ${file} && cat ${file}`);
  if (call) return { parts: [{ text: 'I run the command. ' }, call], finish: 'tool_calls' };
  return req.schema ? text(JSON.stringify(fill(req.schema))) : text('Marker file');
}

const SCENARIOS = {
  text: () => text('Hello from the scripted upstream.'),
  multibyte: () => text(MULTIBYTE, { torn: true }),
  length: () => text('This answer is cut', { finish: 'length' }),
  filter: () => text('', { parts: [], finish: 'filter' }),
  tools: (req) => (lastResults(req).length ? text(weatherReport(req)) : { parts: [{ text: 'Let me look. ' }, ...weatherCalls(['Paris'])], finish: 'tool_calls' }),
  parallel: (req) => (lastResults(req).length ? text(weatherReport(req)) : { parts: weatherCalls(['Paris', 'São Paulo']), finish: 'tool_calls', torn: true }),
  structured: (req) => text(req.schema ? JSON.stringify({ name: 'Ada', year: 1815, tags: ['math', 'poetry'] }) : 'no schema arrived'),
  thinking: () => ({ parts: [{ thinking: THOUGHT }, { text: 'The answer is 42.' }], finish: 'stop' }),
  'thinking-tools': (req) => {
    if (!lastResults(req).length) return { parts: [{ thinking: THOUGHT }, ...weatherCalls(['Paris'])], finish: 'tool_calls' };
    const back = req.turns.at(-2)?.thinking.map((t) => t.signature).filter(Boolean) ?? [];
    return text(`${weatherReport(req)} | signatures: ${back.join(',') || 'none'}`);
  },
  'error-first': () => text('never sent', { fault: 'error-first' }),
  'error-after': () => text('Some words arrive before it breaks.', { fault: 'error-after' }),
  cut: () => text('Some words arrive before the line is cut.', { fault: 'cut' }),
  agent: agentTask,
};

// plan answers a read request (read.mjs) with an answer.
export function plan(req) {
  const users = req.turns.filter((t) => t.role === 'user').flatMap((t) => t.texts).join('\n');
  const found = [...users.matchAll(/\[scenario:([a-z0-9-]+)((?: [a-z]+=[^\s\]]+)*)\]/g)].at(-1);
  const name = found?.[1] ?? 'text';
  const options = Object.fromEntries((found?.[2] ?? '').trim().split(' ').filter(Boolean).map((kv) => kv.split('=')));
  if (HTTP[name]) return { scenario: name, http: HTTP[name] };
  if (!found && req.schema) return { scenario: 'text', usage: USAGE, ...text(JSON.stringify(fill(req.schema))) };
  const answer = SCENARIOS[name];
  if (!answer) return { scenario: name, http: { status: 400, kind: 'invalid', message: `unknown scenario ${name}` } };
  return { scenario: name, usage: USAGE, ...answer(req, options) };
}
