// 500 texts that run a script wherever they are taken for markup, in names, model output and errors: none runs, none even makes
// the page's policy speak up (issue 3, Shows 6).
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';
import { profile } from './lib/browser.mjs';
import { hostile } from './lib/hostile.mjs';
import { SHORT } from './lib/matrix.mjs';
import { ROUTES, Tab } from './lib/pages.mjs';
import { payloads } from './lib/payloads.mjs';
import { Server } from './lib/server.mjs';
import { speaker } from './lib/words.mjs';

const COUNT = 500;
const texts = payloads(COUNT);

/** Runs in the page: takes each text for markup, for a document and for an address, the mistakes all of this is about. */
async function careless(list) {
  for (let i = 0; i < list.length; i += 20) {
    const made = list.slice(i, i + 20).flatMap((text) => {
      const host = document.createElement('div');
      const link = document.createElement('a');
      const frame = document.createElement('iframe');
      document.body.append(host, link, frame);
      host.innerHTML = text;
      link.href = text;
      frame.contentWindow['__ran'] = window['__ran'];
      frame.contentDocument.write(text);
      frame.contentDocument.close();
      if (/^\W*(java|vb)/i.test(text)) link.click();
      for (const a of host.querySelectorAll('a,button')) if (a instanceof HTMLElement) a.click();
      return [host, link, frame];
    });
    await new Promise((ok) => setTimeout(ok, 120));
    for (const e of made) e.remove();
  }
}

describe('xss: the texts and the policy', () => {
  let server, bare, context;
  before(async () => {
    server = await Server.start();
    bare = http.createServer((_, res) => { res.writeHead(200, { 'content-type': 'text/html' }); res.end('<!doctype html><title>bare</title><body>'); });
    await new Promise((ok) => bare.listen(0, '127.0.0.1', () => ok(undefined)));
    context = await profile();
  });
  after(async () => {
    await context?.close();
    bare?.closeAllConnections();
    bare?.close();
    await server?.stop();
  });

  /** The numbers of the texts that ran in a page at url. */
  async function ran(url) {
    const page = await context.newPage();
    const hits = new Set();
    await page.exposeBinding('__ran', (_, n) => { hits.add(n); });
    await page.goto(url);
    await page.evaluate(careless, texts);
    await page.close();
    return hits;
  }

  // Without this, "none ran" would prove nothing.
  test('a careless page without a policy runs most of them', async () => {
    const hits = await ran(`http://127.0.0.1:${bare.address().port}/`);
    assert.ok(hits.size > COUNT * 0.7, `only ${hits.size} of ${COUNT} are alive; dead: ${texts.filter((_, i) => !hits.has(i)).join("\n")}`);
  });

  test('even taken for markup, our policy lets none run', async () => {
    assert.deepEqual([...await ran(`${server.url}/`)], []);
  });
});

describe('xss: the pages', () => {
  /** @type {import('./lib/fixtures.mjs').Stage} */
  let s;
  let taken;
  /** @type {Tab} */
  let tab;
  const hits = [];

  before(async () => {
    ({ s, taken } = await hostile(COUNT));
    tab = await Tab.enter(s.server, {}, async (context) => { await context.exposeBinding('__ran', (_, n) => { hits.push(n); }); });
  });
  after(async () => {
    await tab?.close();
    await s?.close();
  });

  /** What must stay empty, whatever was shown. */
  async function quiet(where) {
    assert.deepEqual(hits, [], `${where}: these ran`);
    assert.deepEqual(await tab.violations(), [], `${where}: the policy spoke up`);
    assert.deepEqual(tab.watch.take(/Failed to load resource/), [], where);
  }

  /** How many of the texts stand on the page as text. */
  const shown = () => tab.page.evaluate(() => (document.body.innerText.match(/__ran\(/g) ?? []).length);

  test('every text is planted in names, models, errors and answers', () => {
    for (const [where, count] of Object.entries(taken)) if (!['provider name', 'alias', 'combo name'].includes(where)) assert.equal(count, COUNT, where);
    assert.ok(taken['provider name'] >= 15 && taken.alias >= COUNT / 4, JSON.stringify(taken));
  });

  /** Scrolls everything to its end; returns how many texts were seen on the way. */
  const scroll = async () => {
    let seen = 0;
    for (let i = 0; i < 60; i++) {
      const more = await tab.page.evaluate(() => {
        const boxes = [document.scrollingElement, ...document.querySelectorAll('main *')].filter((e) => e && e.scrollHeight > e.clientHeight + 8 && /auto|scroll/.test(getComputedStyle(e).overflowY + (e === document.scrollingElement ? 'auto' : '')));
        return boxes.map((e) => { const at = e.scrollTop; e.scrollTop += e.clientHeight * 0.9; return e.scrollTop > at; }).some(Boolean);
      });
      seen += await shown();
      if (!more) break;
      await tab.page.evaluate(() => new Promise((ok) => requestAnimationFrame(() => requestAnimationFrame(ok))));
    }
    return seen;
  };

  for (const { name, route, texts: expected = false } of ROUTES) {
    test(`${name} shows them as text`, async () => {
      await tab.go(await route(s));
      const seen = await scroll();
      await quiet(name);
      if (expected) assert.ok(seen > 0, `${name} shows none of the planted texts: the case is not exercised`);
    });
  }

  test('the sheets of requests, refused and answered', async () => {
    const { logs } = await s.server.api('GET', '/api/usage/call-logs?limit=1000');
    const step = SHORT ? 60 : 4;
    let seen = 0;
    for (let i = 0; i < logs.length; i += step) {
      await tab.move(`/logs/requests/${logs[i].id}`);
      seen += await shown();
      await quiet(`request ${i}`);
    }
    assert.ok(seen > 0);
  });

  test('model output and an error in Send a test', async () => {
    const say = speaker('en');
    await tab.go('/');
    await tab.page.getByRole('button', { name: say('home:connect.test') }).click();
    await tab.page.getByText(/__ran\(/).first().waitFor();
    await quiet('a hostile answer');
    for (const label of ['host0', 'host1']) s.upstream.script(label, { status: 400, kind: 'invalid', message: texts.join(' ') });
    await tab.page.getByRole('button', { name: say('home:connect.test') }).click();
    await tab.page.getByRole('link', { name: say('home:connect.why') }).waitFor();
    await quiet('a hostile error');
  });

  test('menus and the palette', async () => {
    await tab.go('/');
    await tab.page.keyboard.press('Control+k');
    await tab.page.getByRole('dialog').waitFor();
    for (const letters of ['ran', 'script', 'img']) {
      await tab.page.keyboard.type(letters);
      await tab.page.waitForTimeout(150);
      await quiet('palette');
      for (const _ of letters) await tab.page.keyboard.press('Backspace');
    }
    await tab.page.keyboard.press('Escape');
  });
});
