// Whole journeys in the real browser against the real server and scripted upstreams (dashboard.md 4.5, issue 3 Shows 2): from an
// empty data directory to an answered request, presses counted.
import assert from 'node:assert/strict';
import http from 'node:http';
import { describe, test } from 'node:test';
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

describe('journeys: the pages', () => {
  const say = speaker('en');

  test('J2: no account, Ollama runs: one press and the next request is answered', async () => {
    // A stand-in on Ollama's own port; loopback of the suite's namespace is empty.
    const upstream = await new Upstream().listen();
    upstream.script('ollama', { text: 'Hello from llama.', models: ['llama3.2:3b'], anyKey: true });
    const behind = upstream.as('ollama', '/v1');
    const ollama = http.createServer((req, res) => {
      const json = (value) => { res.writeHead(200, { 'content-type': 'application/json' }); res.end(JSON.stringify(value)); };
      if (req.url === '/api/version') return json({ version: '0.12.0' });
      if (req.url === '/api/tags') return json({ models: [{ name: 'llama3.2:3b', model: 'llama3.2:3b' }] });
      return behind(req, res);
    });
    await new Promise((ok, no) => ollama.once('error', no).listen(11434, '127.0.0.1', () => ok(undefined)));
    const s = await stage('empty');
    await s.ready();
    const tab = await Tab.enter(s.server);
    const since = Date.now();
    await tab.page.getByRole('button', { name: say('home:start.localUse', { name: 'Ollama' }) }).click();
    await tab.page.getByRole('button', { name: say('home:connect.test') }).waitFor();
    await tab.page.getByText('llama3.2:3b').first().waitFor();
    const answer = await s.server.chat('auto', 'Hello');
    assert.equal(answer.status, 200, answer.text);
    assert.match(answer.text, /Hello from llama/);
    assert.ok(Date.now() - since < 10000, 'longer than 10 s');
    assert.deepEqual(tab.watch.take(), []);
    await tab.close();
    await s.close();
    ollama.closeAllConnections();
    ollama.close();
    upstream.close();
  });

  test('J7: a combo is made, reordered by keyboard, tested, saved, activated, and switched from elsewhere', async () => {
    const s = await stage('small');
    const tab = await Tab.enter(s.server);
    const { page } = tab;
    await tab.go('/combos');
    await page.getByRole('link', { name: say('combos:new') }).click();
    await page.getByLabel(say('combos:name.label'), { exact: true }).fill('evening');
    for (const model of ['north/gpt-5.1', 'south/gpt-4.1-mini']) {
      await page.getByPlaceholder(say('combos:picker.search')).fill(model);
      await page.locator('[role=option][aria-selected=true]').filter({ hasText: model }).waitFor();
      await page.keyboard.press('Enter');
      await page.getByRole('list', { name: say('combos:steps.title') }).getByText(model).waitFor();
    }
    const steps = () => page.getByRole('list', { name: say('combos:steps.title') }).getByRole('listitem').allInnerTexts();
    const order = async () => (await steps()).map((text) => /(north|south)\//.exec(text.replaceAll('\n', ''))?.[1]);
    assert.deepEqual(await order(), ['north', 'south']);
    // By keyboard alone, with words for who cannot see it.
    await page.getByRole('button', { name: say('common:drag.handle', { name: 'south/gpt-4.1-mini' }) }).focus();
    await page.keyboard.press('Alt+ArrowUp');
    await page.getByText(say('common:drag.moved', { name: 'south/gpt-4.1-mini', at: 1, of: 2 })).waitFor({ state: 'attached' });
    assert.deepEqual(await order(), ['south', 'north']);
    assert.ok(await page.evaluate(() => document.activeElement !== document.body), 'focus is lost after the move');
    await page.getByRole('button', { name: say('combos:outcome.test') }).click();
    await page.getByText(say('combos:outcome.tested', { ok: 2, all: 2 })).waitFor();
    await page.getByRole('button', { name: say('common:save'), exact: true }).click();
    await page.waitForURL(/#\/combos$/);
    const saved = (await s.server.api('GET', '/api/combos')).combos.find((c) => c.name === 'evening');
    assert.deepEqual(saved.models, ['south/gpt-4.1-mini', 'north/gpt-5.1']);
    await page.getByRole('radio', { name: say('combos:activate', { name: 'evening' }) }).click();
    await page.getByText(say('combos:nowActive', { name: 'evening' })).first().waitFor();
    assert.equal((await s.server.chat('auto', 'Hi')).model, 'south/gpt-4.1-mini');
    // The tray calls the same verb; the page hears of it without being asked.
    await s.server.api('POST', `/api/combos/${s.combos.get('always-on').id}/activate`, {});
    await page.locator('input[type=radio]:checked, [role=radio][aria-checked=true]').and(page.getByRole('radio', { name: /always-on/ })).waitFor();
    assert.deepEqual(tab.watch.take(), []);
    await tab.close();
    await s.close();
  });

  test('J9: a request fails over; its sentence names who answered and both causes, in three languages', async () => {
    const s = await stage('empty');
    await s.ready();
    await s.account('limited', { status: 429, kind: 'rate', retryAfter: 600, message: 'Rate limit reached' }, { title: 'Limited Cloud', name: 'one' });
    await s.account('down', { status: 500, message: 'boom' }, { title: 'Down Cloud', name: 'two' });
    await s.account('good', { text: 'Hi' }, { title: 'Good Cloud', name: 'three' });
    await s.combo('always-on', ['limited/gpt-4.1-mini', 'down/gpt-4.1-mini', 'good/gpt-4.1-mini'], { activate: true });
    const { id } = await s.server.chat('auto', 'Hello');
    for (const lang of LANGUAGES) {
      const words = speaker(lang);
      const tab = await Tab.enter(s.server, { lang });
      await tab.go(`/logs/requests/${id}`);
      const said = await tab.page.getByRole('dialog').innerText();
      const who = (provider, account) => words('logs:summary.who', { provider, account });
      const any = '<any>';
      const cause = (code, name, args) => words(`logs:clause.${code}`, { who: name, ...args });
      const sentence = words('logs:summary.servedButBoth', {
        who: who('Good Cloud', 'three'),
        a: cause('cooldown', who('Limited Cloud', 'one'), { until: any }),
        b: cause('upstream_status', who('Down Cloud', 'two'), { status: '500', ms: any }),
      });
      const pattern = new RegExp(sentence.split(any).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.{1,12}'));
      assert.match(said, pattern, `${lang} lacks the sentence`);
      await tab.close();
    }
    await s.close();
  });

  test('J14: switching the language keeps a half-filled form, without a reload', async () => {
    const s = await stage('small');
    const tab = await Tab.enter(s.server);
    const { page } = tab;
    await tab.go('/combos/new');
    await page.getByLabel(say('combos:name.label'), { exact: true }).fill('half-done');
    await page.evaluate(() => Object.assign(window, { __same: true }));
    const ko = speaker('ko');
    await page.getByRole('button', { name: say('shell:language') }).click();
    await page.getByRole('menuitemradio', { name: '한국어' }).click();
    await page.getByRole('heading', { level: 1, name: ko('combos:new') }).waitFor();
    assert.equal(await page.getByLabel(ko('combos:name.label'), { exact: true }).inputValue(), 'half-done');
    assert.equal(await page.evaluate(() => window['__same']), true, 'the page was loaded anew');
    assert.equal((await s.server.api('GET', '/api/settings')).language, 'ko');
    await tab.close();
    await s.close();
  });
});
