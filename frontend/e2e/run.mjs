// node --test-reporter=./e2e/reporter.mjs e2e/run.mjs [--short] [SUITE…]: runs suites in one process with one browser. Without names:
// all of them; with --short those that neither measure nor compare, over fewer looks.
import { after } from 'node:test';
import { closeBrowser } from './lib/browser.mjs';
import { SHORT } from './lib/matrix.mjs';
import { Server } from './lib/server.mjs';

const SUITES = ['harness', 'security', 'xss', 'doors', 'journeys', 'pages', 'a11y', 'keyboard', 'visual', 'budget'];

const asked = process.argv.slice(2).filter((a) => !a.startsWith('--'));
const wrong = asked.filter((a) => !SUITES.includes(a));
if (wrong.length) throw new Error(`no suite ${wrong.join(', ')}; there are ${SUITES.join(', ')}`);

after(async () => {
  await closeBrowser();
  for (const s of Server.running) await s.stop();
});

const usual = SHORT ? SUITES.filter((name) => name !== 'visual' && name !== 'budget') : SUITES;
for (const name of asked.length ? SUITES.filter((one) => asked.includes(one)) : usual) await import(`./${name}.test.mjs`);
