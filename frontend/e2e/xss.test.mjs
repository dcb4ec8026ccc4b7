// 500 texts that run a script wherever they are taken for markup, in names, model output and errors: none runs, none even makes
// the page's policy speak up (issue 3, Shows 6).
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';
import { profile } from './lib/browser.mjs';
import { payloads } from './lib/payloads.mjs';
import { Server } from './lib/server.mjs';

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
