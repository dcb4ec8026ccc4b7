// Whole journeys in the real browser against the real server and scripted upstreams (dashboard.md 4.5, issue 3 Shows 2): from an
// empty data directory to an answered request, presses counted.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { profile, Watch } from './lib/browser.mjs';
import { city } from './lib/city.mjs';
import { LANGUAGES, Tab } from './lib/pages.mjs';
import { stage } from './lib/fixtures.mjs';
import { Server } from './lib/server.mjs';
import { Upstream } from './lib/upstream.mjs';
import { speaker } from './lib/words.mjs';

/** A person who counts what they press. Typing and pasting are not counted (dashboard.md 2.1). */
class Person {
  presses = [];
  constructor(page, lang) {
    this.page = page;
    this.say = speaker(lang);
    this.since = Date.now();
  }

  /** Presses the button that says key. */
  async press(key, args = {}) {
    const name = this.say(key, args);
    await this.page.getByRole('button', { name, exact: true }).click();
    this.presses.push(name);
  }

  seconds() { return (Date.now() - this.since) / 1000; }
}

/** Opens the printed link of a fresh server, as a person does. */
async function arrive(server, lang = 'en') {
  const t = new Tab();
  Object.assign(t, { server, look: { lang }, context: await profile({ lang, permissions: ['clipboard-read', 'clipboard-write'] }) });
  t.page = await t.context.newPage();
  t.watch = new Watch(t.page, [server.url]);
  t.listen();
  const person = new Person(t.page, lang);
  await t.page.goto(server.printedLink);
  return { tab: t, page: t.page, person };
}

/** The newest line of the log, as the API tells it. */
const newest = async (server) => (await server.api('GET', '/api/usage/call-logs?limit=1')).logs[0];

for (const lang of LANGUAGES) {
  describe(`journeys: first run, ${lang}`, () => {
    test('J1: from nothing to an answered request with the demo: at most 5 presses and 30 s', async () => {
      const server = await Server.start();
      const { tab, page, person } = await arrive(server, lang);
      const { say } = person;
      await page.getByRole('heading', { level: 1, name: say('onboarding:welcome.title') }).waitFor();
      await person.press('onboarding:welcome.start');
      await person.press('onboarding:accounts.without');
      await person.press('onboarding:combo.continue');
      await person.press('onboarding:try.send');
      await page.getByText(say('onboarding:try.simulated')).waitFor();
      const seconds = person.seconds();
      assert.ok(person.presses.length <= 5, `${person.presses.length} presses: ${person.presses}`);
      assert.ok(seconds <= 30, `${seconds} s`);
      console.log(`  J1 ${lang}: ${person.presses.length} presses, ${seconds.toFixed(1)} s`);
      const receipt = await newest(server);
      assert.deepEqual([receipt.answeredBy, receipt.status], ['demo/simulated', 200]);
      // The route line says who and why in this language.
      await page.getByRole('heading', { name: say('onboarding:try.route') }).waitFor();
      await person.press('onboarding:try.open');
      await page.getByRole('heading', { level: 1, name: say('shell:page.home') }).waitFor();
      assert.equal((await server.api('GET', '/api/settings')).setupComplete, true);
      assert.deepEqual(tab.watch.take(), []);
      // It does not come again.
      await page.reload();
      await page.getByRole('heading', { level: 1, name: say('shell:page.home') }).waitFor();
      await tab.close();
      await server.stop();
    });

    test('J3: a pasted key is recognised, tested, and answers: at most 5 presses and 30 s', async () => {
      const upstream = await new Upstream().listen();
      const key = 'gsk_e2eVt93kQ81mZx72LpWcYbN4';
      upstream.script('groq', { key, text: 'Hello from Groq.', models: ['llama-3.3-70b-versatile', 'llama-3.1-8b-instant'] });
      const town = await city(['api.groq.com'], upstream.as('groq', '/openai/v1'));
      const server = await Server.start(town.options);
      const { tab, page, person } = await arrive(server, lang);
      const { say } = person;
      await person.press('onboarding:welcome.start');
      const field = page.getByLabel(say('onboarding:accounts.key'), { exact: true });
      await field.focus();
      await page.evaluate((k) => navigator.clipboard.writeText(k), key);
      await page.keyboard.press('Control+V');
      await page.getByText(say('connect:checks.accepted')).waitFor();
      await person.press('connect:save');
      await person.press('onboarding:accounts.continue');
      await person.press('onboarding:combo.good');
      await person.press('onboarding:try.send');
      await page.getByText('Hello from Groq.').waitFor();
      const seconds = person.seconds();
      assert.ok(person.presses.length <= 5, `${person.presses.length} presses: ${person.presses}`);
      assert.ok(seconds <= 30, `${seconds} s`);
      console.log(`  J3 ${lang}: ${person.presses.length} presses, ${seconds.toFixed(1)} s`);
      assert.ok(!(await page.content()).includes(key), 'the key stays in the document');
      const receipt = await newest(server);
      assert.match(receipt.answeredBy, /^groq\//);
      assert.equal(receipt.status, 200);
      assert.deepEqual(tab.watch.take(), []);
      await tab.close();
      await server.stop();
      town.close();
      upstream.close();
    });
  });
}
