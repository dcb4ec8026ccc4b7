// A page of another origin, of another port of this machine, of a rebound host name, of a sandbox or of a file can neither read
// nor change anything of /api, /v1, /api/events and / (rulings 1), while a browser next to it is signed in.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { READS, WRITES, attack } from './lib/attack.mjs';
import { profile } from './lib/browser.mjs';
import { Server } from './lib/server.mjs';

const REFUSAL = /^(403|421) |host name is not one of this gateway's/;

/** Signs a page in by hand, as the dashboard does, and returns its word. */
async function signIn(page, server) {
  await page.goto(`${server.url}/`);
  const token = (await server.link()).split('#/sign-in/')[1];
  const { csrf } = await page.evaluate((t) => fetch('/api/auth/sign-in', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token: t }) }).then((r) => r.json()), token);
  assert.match(csrf, /^\S{20,}$/, 'the link did not sign the page in');
  return csrf;
}

/** All that a foreign page could have changed. */
async function state(server) {
  const parts = {};
  for (const route of ['/api/settings', '/api/combos', '/api/keys', '/api/providers', '/api/provider-nodes', '/api/models/alias', '/api/usage/call-logs?limit=500']) parts[route] = await server.api('GET', route);
  return JSON.stringify(parts, null, 1);
}

describe('security: foreign pages', () => {
  let server, host, elsewhere, context, csrf, own;
  /** @type {Parameters<typeof attack>[0]} */
  let plan;
  const seen = [];

  before(async () => {
    server = await Server.start();
    const combo = (await server.api('POST', '/api/combos', { name: 'target', models: ['demo/simulated'], strategy: 'priority' })).combo;
    const key = await server.api('POST', '/api/keys', { name: 'target' });
    plan = {
      base: server.url, reads: READS, csrf: '',
      writes: WRITES.map(([m, p, b]) => /** @type {const} */ ([m, p.replace('COMBO', combo.id).replace('KEY', key.id), b])),
    };
    // The hostile page's own server; it keeps the cookies that browsers bring along.
    host = http.createServer((req, res) => {
      if (req.headers.cookie) seen.push(req.headers.cookie);
      res.writeHead(200, { 'content-type': 'text/html', ...(req.url === '/sandbox' && { 'content-security-policy': 'sandbox allow-scripts allow-forms' }) });
      res.end('<!doctype html><title>hostile</title><body>hostile');
    });
    await new Promise((ok) => host.listen(0, '127.0.0.1', () => ok(undefined)));
    elsewhere = /** @type {import('node:net').AddressInfo} */ (host.address()).port;
    context = await profile();
    own = await context.newPage();
    csrf = await signIn(own, server);
    plan.csrf = csrf;
  });

  after(async () => {
    await context?.close();
    host?.closeAllConnections();
    host?.close();
    await server?.stop();
  });

  // Without this the refusals below would prove nothing.
  test('our own page reads and changes with cookie and word, and not with the cookie alone', async () => {
    const statuses = await own.evaluate(async (word) => {
      const call = (path, init = {}) => fetch(path, init).then((r) => r.status);
      const json = { 'content-type': 'application/json' };
      const body = JSON.stringify({ name: 'mine', models: ['demo/simulated'], strategy: 'priority' });
      return {
        read: await call('/api/keys', { headers: { 'X-OmniRoute-CSRF': word } }),
        readCookieOnly: await call('/api/keys'),
        change: await call('/api/combos', { method: 'POST', headers: { ...json, 'X-OmniRoute-CSRF': word }, body }),
        changeCookieOnly: await call('/api/combos', { method: 'POST', headers: json, body }),
        changePlain: await call('/api/combos', { method: 'POST', headers: { 'content-type': 'text/plain', 'X-OmniRoute-CSRF': word }, body }),
        events: await fetch('/api/events', { headers: { 'X-OmniRoute-CSRF': word } }).then(async (r) => {
          const reader = r.body.getReader();
          const { value } = await reader.read();
          await reader.cancel();
          return new TextDecoder().decode(value).includes('"topic":"hello"');
        }),
        chat: await call('/v1/chat/completions', { method: 'POST', headers: json, body: JSON.stringify({ model: 'demo/simulated', messages: [{ role: 'user', content: 'hi' }] }) }),
      };
    }, csrf);
    assert.deepEqual({ ...statuses, changePlain: statuses.changePlain >= 400 }, { read: 200, readCookieOnly: 403, change: 201, changeCookieOnly: 403, changePlain: true, events: true, chat: 200 });
  });

  const places = {
    'another origin': { url: () => `http://evil.test:${elsewhere}/` },
    'another port of 127.0.0.1': { url: () => `http://127.0.0.1:${elsewhere}/` },
    'another port of localhost': { url: () => `http://localhost:${elsewhere}/` },
    'another name of the same port': { url: () => `http://localhost:${server.port}/hostile`, staged: true },
    'a rebound host name': { url: () => `http://evil.test:${server.port}/hostile`, staged: true, base: () => `http://evil.test:${server.port}` },
    'a sandboxed document': { url: () => `http://127.0.0.1:${elsewhere}/sandbox` },
    'a file': { url: () => { const f = path.join(server.home, 'hostile.html'); fs.writeFileSync(f, '<!doctype html><title>hostile</title><body>'); return `file://${f}`; } },
  };
  for (const [name, place] of Object.entries(places)) {
    test(`${name} reads nothing and changes nothing`, async () => {
      const before = await state(server);
      const page = await context.newPage();
      // The document was loaded before its name pointed here: only that one answer is made up, every later byte is real.
      if (place.staged) await page.route('**/hostile', (r) => r.fulfill({ contentType: 'text/html', body: '<!doctype html><title>hostile</title><body>' }));
      await page.goto(place.url());
      const answered = new Map();
      page.on('response', (r) => { if (new URL(r.url()).port === String(server.port) && !r.url().endsWith('/hostile')) answered.set(`${r.request().method()} ${r.url()} ${r.request().resourceType()}`, r.status()); });
      const { tried, got } = await page.evaluate(attack, { ...plan, base: place.base?.() ?? server.url });
      assert.ok(tried > 300, `only ${tried} attempts were made`);
      assert.deepEqual(got.filter((g) => !REFUSAL.test(g.split(': ').slice(1).join(': '))), [], 'readable from the hostile page');
      const let_in = [...answered].filter(([, status]) => status !== 403 && status !== 421);
      assert.deepEqual(let_in, [], 'answered other than by a refusal');
      assert.ok(answered.size > 30, `the gateway answered only ${answered.size} kinds of attempts: the attack did not reach it`);
      await page.close();
      assert.equal(await state(server), before, 'something changed');
      const still = await own.evaluate((word) => fetch('/api/keys', { headers: { 'X-OmniRoute-CSRF': word } }).then((r) => r.status), csrf);
      assert.equal(still, 200, 'the session of our own page ended');
    });
  }

  test('the cookie that another local server receives opens nothing', async () => {
    assert.ok(seen.some((c) => c.includes('auth_token=')), 'no browser brought the cookie along: the case is not exercised');
    for (const cookie of new Set(seen)) {
      for (const route of ['/api/keys', '/api/settings', '/api/events', '/api/providers']) {
        const plain = await fetch(server.url + route, { headers: { cookie, 'sec-fetch-site': 'same-origin' } });
        assert.equal(plain.status, 403, `${route} with the stolen cookie`);
        await plain.body?.cancel();
        const guessed = await fetch(server.url + route, { headers: { cookie, 'sec-fetch-site': 'same-origin', 'x-omniroute-csrf': 'guess' } });
        assert.equal(guessed.status, 403, `${route} with the stolen cookie and a guessed word`);
        await guessed.body?.cancel();
      }
    }
  });

  test('the page cannot be framed and a window opened from elsewhere cannot be read', async () => {
    const page = await context.newPage();
    await page.goto(`http://evil.test:${elsewhere}/`);
    const popup = context.waitForEvent('page');
    await page.evaluate((url) => { Object.assign(window, { victim: window.open(url) }); }, `${server.url}/`);
    const opened = await popup;
    await opened.waitForURL((u) => u.port === String(server.port));
    await opened.waitForLoadState();
    const read = await page.evaluate(() => {
      const tries = [() => window['victim'].document.body.innerText, () => window['victim'].location.href, () => window['victim'].sessionStorage.length, () => window['victim'].eval('1')];
      return tries.map((f) => { try { return String(f()); } catch (e) { return e.name; } });
    });
    assert.ok(read.every((r) => r === 'SecurityError' || r === 'TypeError'), `read from the opened window: ${read}`);
    await page.evaluate((url) => new Promise((ok) => { const f = document.createElement('iframe'); f.onload = ok; f.src = url; document.body.append(f); }), `${server.url}/`);
    const framed = page.frames().filter((f) => f.parentFrame());
    assert.equal(framed.length, 1);
    assert.doesNotMatch(await framed[0].content(), /OmniRoute/, 'the page was drawn inside a frame');
    const res = await fetch(`${server.url}/`);
    assert.match(res.headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/);
    assert.match(res.headers.get('content-security-policy') ?? '', /script-src 'self'(;|$)/);
    await page.close();
    await opened.close();
  });
});
