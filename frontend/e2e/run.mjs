// node --test-reporter=spec e2e/run.mjs [SUITE…]: runs suites in one process with one browser. Without names: all of them.
import { after } from 'node:test';
import { closeBrowser } from './lib/browser.mjs';
import { Server } from './lib/server.mjs';

const SUITES = ['harness', 'security', 'xss', 'doors', 'journeys', 'pages', 'a11y', 'keyboard', 'budget'];

const asked = process.argv.slice(2).filter((a) => !a.startsWith('--'));
const wrong = asked.filter((a) => !SUITES.includes(a));
if (wrong.length) throw new Error(`no suite ${wrong.join(', ')}; there are ${SUITES.join(', ')}`);

after(async () => {
  await closeBrowser();
  for (const s of Server.running) await s.stop();
});

for (const name of SUITES) if (!asked.length || asked.includes(name)) await import(`./${name}.test.mjs`);
