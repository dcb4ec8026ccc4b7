// Every page in every language, theme and width: one heading, a title, no error, nothing from outside, no raw key, no sideways
// scroll, no small text, and nothing for axe to find. Then the pages that data makes special: empty and broken.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { axe, faults } from './lib/checks.mjs';
import { stage } from './lib/fixtures.mjs';
import { CELLS, lookOf, nameOf, SHORT } from './lib/matrix.mjs';
import { ROUTES, Tab } from './lib/pages.mjs';

/** One test per page of a fixture, in one tab. */
function everyPage(fixture, cell) {
  describe(`pages: ${fixture}, ${nameOf(cell)}`, () => {
    /** @type {import('./lib/fixtures.mjs').Stage} */
    let s;
    /** @type {Tab} */
    let tab;
    before(async () => {
      s = await stage(fixture);
      tab = await Tab.enter(s.server, lookOf(cell));
      tab.watch.take();
    });
    after(async () => {
      await tab?.close();
      await s?.close();
    });
    for (const { name, route } of ROUTES) {
      test(name, async (t) => {
        const to = await route(s);
        if (to.includes('undefined')) return t.diagnostic(`${fixture} has no ${name}`);
        await tab.go(to);
        assert.deepEqual(await faults(tab), [], `${to} has faults`);
        assert.deepEqual(await axe(tab.page), [], `${to} is not accessible`);
      });
    }
  });
}

for (const cell of CELLS) everyPage('small', cell);
const plain = CELLS[0];
for (const fixture of SHORT ? ['empty'] : ['empty', 'busy', 'broken']) {
  everyPage(fixture, plain);
  if (!SHORT) everyPage(fixture, { lang: 'ko', theme: 'dark', width: 360 });
}
