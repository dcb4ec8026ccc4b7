// Pictures: a page drawn twice with the same data and the same clock is the same to a thousandth, in every look; how far it is from
// the committed picture is printed (ports, ids and fonts differ between machines, so that is no gate).
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { browser } from './lib/browser.mjs';
import { stage } from './lib/fixtures.mjs';
import { SHORT } from './lib/matrix.mjs';
import { ROUTES, Tab } from './lib/pages.mjs';
import { ROOT } from './lib/server.mjs';

/** Runs in a page: the share of pixels that differ visibly. */
async function differing([a, b]) {
  const [one, two] = await Promise.all([a, b].map(async (data) => createImageBitmap(await (await fetch(`data:image/png;base64,${data}`)).blob())));
  if (one.width !== two.width || one.height !== two.height) return 1;
  const pixels = [one, two].map((bitmap) => {
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
    context.drawImage(bitmap, 0, 0);
    return context.getImageData(0, 0, bitmap.width, bitmap.height).data;
  });
  let count = 0;
  for (let i = 0; i < pixels[0].length; i += 4) if ([0, 1, 2].some((k) => Math.abs(pixels[0][i + k] - pixels[1][i + k]) > 12)) count++;
  return count / (one.width * one.height);
}

const LOOKS = SHORT ? { light: {} } : { light: {}, dark: { theme: 'dark' }, ko: { lang: 'ko' } };

for (const [look, options] of Object.entries(LOOKS)) {
  describe(`visual: ${look}`, () => {
    /** @type {import('./lib/fixtures.mjs').Stage} */
    let s;
    /** @type {Tab} */
    let tab;
    let judge;
    const far = [];
    before(async () => {
      s = await stage('gallery');
      tab = await Tab.enter(s.server, /** @type {any} */ (options), (context) => context.clock.setFixedTime(Date.now()));
      judge = await (await browser()).newPage();
    });
    after(async () => {
      await judge?.close();
      await tab?.close();
      await s?.close();
      if (far.length) console.log(`  pixels unlike docs/screenshots, ${look}: ${far.join(', ')}`);
    });

    for (const { name, route } of ROUTES) {
      test(name, async () => {
        const to = await route(s);
        const draw = async () => {
          await tab.go(to);
          await tab.page.mouse.move(0, 0);
          return (await tab.page.screenshot({ animations: 'disabled', caret: 'hide' })).toString('base64');
        };
        const first = await draw();
        const share = await judge.evaluate(differing, [first, await draw()]);
        assert.ok(share <= 0.001, `${(share * 100).toFixed(2)} % of the pixels differ when ${to} is drawn again`);
        const kept = path.join(ROOT, 'docs/screenshots', `${name}-${look}.png`);
        if (fs.existsSync(kept)) far.push(`${name} ${((await judge.evaluate(differing, [first, fs.readFileSync(kept).toString('base64')])) * 100).toFixed(1)} %`);
      });
    }
  });
}
