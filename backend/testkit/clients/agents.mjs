// Real coding agents as clients of the gateway: each runs one shell command of the scripted upstream's choice and finishes.
//   node agents.mjs [--direct] [WORD…]    --direct: each agent straight at the double of its own format, to prove the script itself
//                                         WORD: only cells whose name contains it · VERBOSE=1 prints what agent and double saw
// As root on Linux everything runs in a network namespace of its own with nothing but the loopback device.
import fs from 'node:fs';
import path from 'node:path';
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { AGENTS, newHome, runAgent, tail, task } from './agents-setup.mjs';
import { Double, FORMATS, MODELS, keyOf } from './double.mjs';
import { Cell, Gateway, finish } from './gateway.mjs';
import { relayCells } from './relay.mjs';

const self = fileURLToPath(import.meta.url);
const direct = process.argv.includes('--direct');
const words = process.argv.slice(2).filter((a) => !a.startsWith('--'));
const CLIENT_KEY = 'sk-client-of-the-agent';

// Runs the script again without a network, where the system allows it.
function isolate() {
  if (process.env.OMNIROUTE_ISOLATED) return false;
  const can = process.platform === 'linux' && process.getuid() === 0 && spawnSync('unshare', ['-n', 'ip', 'link', 'set', 'lo', 'up']).status === 0;
  if (!can) { console.log('note: not root on Linux with unshare and ip, so the agents run with the network of this machine'); return false; }
  const child = spawn('unshare', ['-n', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh', process.execPath, self, ...process.argv.slice(2)], { stdio: 'inherit', env: { ...process.env, OMNIROUTE_ISOLATED: '1' } });
  for (const s of ['SIGINT', 'SIGTERM']) process.on(s, () => child.kill(s));
  child.on('exit', (code, signal) => { process.exitCode = signal ? 1 : code; });
  return true;
}

async function agentCell(agent, upstream, double, gateway) {
  const cell = new Cell(`${agent.name} → ${upstream}`); const home = newHome(agent.name);
  try {
    const label = `${agent.name}-to-${upstream}`; double.native = () => agent.format === upstream; const mark = double.records.length;
    const { file, prompt } = task(home);
    const to = direct ? { url: `${double.origin}/${label}`, key: keyOf(upstream), model: MODELS[upstream] } : { url: gateway.url, key: CLIENT_KEY, model: `${await gateway.prefix(double, upstream, label)}/${MODELS[upstream]}` };
    const r = await runAgent(agent, home, agent.setup(home, { ...to, prompt }));
    const word = fs.existsSync(file) && fs.readFileSync(file, 'utf8').trim();
    cell.ok('the shell ran: marker file', word, tail(r));
    cell.ok('final text printed', word && r.out.includes(`Task finished: ${word}.`), tail(r));
    cell.is('exit code', r.code, 0);
    const records = double.records.slice(mark);
    cell.is('broken requests upstream', [...new Set(records.flatMap((x) => x.problems))], []);
    if (!direct) cell.ok('the key of the agent never goes upstream', !records.some((x) => JSON.stringify(x.headers).includes(CLIENT_KEY)));
    if (agent.format !== upstream) cell.ok("Claude Code's attribution goes to Anthropic only", !records.some((x) => x.raw.includes('x-anthropic-billing-header:')));
    cell.name += ` (${r.seconds.toFixed(1)} s, ${records.length} requests)`;
    if (process.env.VERBOSE) for (const x of records) console.log(`  ${x.method} ${x.path} ${x.scenario ?? ''} stream=${x.req?.stream} tools=${x.req?.tools?.map((t) => t.name).slice(0, 40)} last=${JSON.stringify(x.req?.turns?.at(-1))?.slice(0, 200)}`);
    if (process.env.DUMP) fs.writeFileSync(path.join(process.env.DUMP, `${label}.json`), JSON.stringify({ r, records }, null, 1));
  } catch (e) { cell.failed.push(String(e.stack)); } finally { if (!process.env.KEEP) fs.rmSync(home, { recursive: true, force: true }); }
  cell.print();
  return cell;
}

async function main() {
  const double = await new Double().listen(); const cells = []; let gateway;
  try {
    gateway = direct ? undefined : await Gateway.start();
    for (const agent of AGENTS) for (const upstream of FORMATS) {
      const wanted = words.every((w) => `${agent.name} ${upstream}`.includes(w)) && (!direct || agent.format === upstream);
      if (wanted) cells.push(await agentCell(agent, upstream, double, gateway));
    }
    if (words.every((w) => 'relay'.includes(w))) cells.push(...await relayCells(gateway, double));
    finish(cells);
  } catch (e) {
    console.log(`FAIL ${e.message}`); process.exitCode = 1;
  } finally {
    if (gateway && process.env.VERBOSE) console.log(gateway.log);
    if (gateway) await gateway.stop();
    double.close();
  }
}

if (!isolate()) await main();
