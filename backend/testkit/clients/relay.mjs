// Claude Code with its own (made up) login through a relay connection: its bearer goes untouched to the Anthropic upstream and
// nowhere else, and when the login's window is used up the next target of the combo serves the same request.
import fs from 'node:fs';
import path from 'node:path';
import { AGENTS, claudeCode, newHome, runAgent, tail, task } from './agents-setup.mjs';
import { MODELS } from './double.mjs';
import { Cell } from './gateway.mjs';

const TOKEN = `sk-ant-oat01-${'madeUpLogin'.repeat(7)}-AA`;
const RELAY = 'relay-anthropic'; const NEXT = 'relay-next'; const COMBO = 'relay-combo';
const agent = AGENTS.find((a) => a.name === 'claude-code');

// What Anthropic answers when the five-hour window of a subscription is used up.
function usedUp() {
  const reset = String(Math.floor(Date.now() / 1000) + 3600); const u = 'anthropic-ratelimit-unified';
  return {
    kind: 'rate', retryAfter: 3600, message: "This request would exceed your account's rate limit. Please try again later.",
    headers: { [`${u}-status`]: 'rejected', [`${u}-reset`]: reset, [`${u}-representative-claim`]: 'five_hour', [`${u}-5h-status`]: 'rejected', [`${u}-5h-reset`]: reset, [`${u}-7d-status`]: 'allowed' },
  };
}

async function configure(gateway, double) {
  await gateway.api('POST', '/api/providers', { provider: 'claude', kind: 'relay', name: 'own login', baseUrl: `${double.origin}/${RELAY}` }, { admin: true });
  const next = await gateway.prefix(double, 'openai-chat', NEXT);
  await gateway.api('POST', '/api/combos', { name: COMBO, strategy: 'priority', models: [`cc/${MODELS.anthropic}`, `${next}/${MODELS['openai-chat']}`] });
  return (await gateway.api('POST', '/api/keys', { name: 'relay test' })).key;
}

// Every text file of the gateway's data folder that holds the token.
function filesWith(dir, token) {
  return fs.readdirSync(dir, { recursive: true, withFileTypes: true }).filter((e) => e.isFile()).map((e) => path.join(e.parentPath ?? e.path, e.name)).filter((f) => fs.readFileSync(f).includes(token));
}

async function run(cell, { double, url, model, headers, expect }) {
  const home = newHome('relay'); const mark = double.records.length;
  try {
    const { file, prompt } = task(home);
    const env = { CLAUDE_CODE_OAUTH_TOKEN: TOKEN, ...(headers && { ANTHROPIC_CUSTOM_HEADERS: headers }) };
    const r = await runAgent(agent, home, claudeCode(home, { url, model, prompt, env }));
    const word = fs.existsSync(file) && fs.readFileSync(file, 'utf8').trim();
    cell.ok('the shell ran and the final text is printed', word && r.out.includes(`Task finished: ${word}.`), tail(r));
    cell.is('exit code', r.code, 0);
    const records = double.records.slice(mark);
    expect(records.filter((x) => x.label === RELAY && x.action), records.filter((x) => x.label !== RELAY), records);
    cell.is('broken requests upstream', [...new Set(records.flatMap((x) => x.problems))], []);
    cell.name += ` (${r.seconds.toFixed(1)} s, ${records.length} requests)`;
  } finally { fs.rmSync(home, { recursive: true, force: true }); }
  cell.print();
  return cell;
}

export async function relayCells(gateway, double) {
  double.credentials.set(RELAY, TOKEN); double.native = (record) => record.label === RELAY;
  const untouched = (cell, relayed) => cell.ok('the bearer arrives untouched', relayed.length && relayed.every((x) => x.headers.authorization === `Bearer ${TOKEN}`), relayed[0]?.headers);
  if (!gateway) return [await run(new Cell('claude-code own login, direct'), { double, url: `${double.origin}/${RELAY}`, model: MODELS.anthropic, expect() {} })];

  const first = new Cell('claude-code own login → relay'); const second = new Cell('a request without a login skips the relay'); const third = new Cell('claude-code own login used up → next target of the combo');
  let key;
  try { key = await configure(gateway, double); } catch (e) { first.failed.push(e.message); first.print(); return [first]; }
  const common = { double, url: gateway.url, model: COMBO, headers: `x-omniroute-key: ${key}` };
  await run(first, { ...common, expect(relayed, others) {
    untouched(first, relayed);
    first.ok('the client stays itself: its user agent and betas arrive', relayed.every((x) => /claude-cli/.test(x.headers['user-agent']) && /oauth-/.test(x.headers['anthropic-beta'] ?? '')), relayed[0]?.headers);
    first.is('requests elsewhere', others.filter((x) => x.action).map((x) => `${x.label}${x.path}`), []);
  } });

  // Without a login in the request the relay is skipped, never called with anything else.
  const mark = double.records.length;
  const res = await fetch(`${gateway.url}/v1/messages`, { method: 'POST', headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01', 'x-omniroute-key': key }, body: JSON.stringify({ model: COMBO, max_tokens: 64, messages: [{ role: 'user', content: '[scenario:text] no login here' }] }) });
  second.is('status', res.status, 200); second.ok('the answer', (await res.text()).includes('Hello from the scripted upstream.'));
  second.is('upstreams called', double.records.slice(mark).filter((x) => x.action).map((x) => x.label), [NEXT]);
  second.print();

  double.override = (record) => (record.label === RELAY ? usedUp() : undefined);
  await run(third, { ...common, expect(relayed, others, all) {
    untouched(third, relayed);
    third.ok('the next target serves', others.some((x) => x.label === NEXT && x.scenario === 'agent'), others.length);
    third.ok('neither login nor key goes elsewhere', !others.some((x) => JSON.stringify([x.headers, x.raw, x.query]).match(new RegExp(`${TOKEN}|${key}`))));
    third.ok('our key never goes upstream', !all.some((x) => JSON.stringify([x.headers, x.raw, x.query]).includes(key)));
    third.is('files of the gateway that hold the login', filesWith(gateway.dataDir, TOKEN), []);
    third.ok('the log does not hold the login', !gateway.log.includes(TOKEN));
  } });
  double.override = undefined;
  return [first, second, third];
}
