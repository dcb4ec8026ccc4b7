// Whatever opens over a page: axe finds nothing in it, Escape closes it, focus comes back. Then the harder looks: forced colours,
// reduced motion, 400 % zoom, the mirror.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { axe, faults } from './lib/checks.mjs';
import { stage } from './lib/fixtures.mjs';
import { CELLS, lookOf, nameOf, SHORT } from './lib/matrix.mjs';
import { ROUTES, Tab } from './lib/pages.mjs';
import { buildWorkbench, pretend } from './lib/workbench.mjs';

const OVERLAY = '[role="dialog"],[role="alertdialog"],[role="menu"],[role="listbox"]';

/** Marks every visible opener of the page and says what each is called. The shell's own are looked at once. */
function openers(shellToo) {
  const over = [...document.querySelectorAll('[role="dialog"],[role="alertdialog"]')].at(-1);
  const list = [...document.querySelectorAll('button[aria-haspopup],button[role="combobox"],a[aria-haspopup]')].filter((e) => {
    const r = e.getBoundingClientRect();
    return r.width > 1 && r.height > 1 && !e.hasAttribute('disabled') && e.getAttribute('aria-disabled') !== 'true' && (over ? over.contains(e) : shellToo || e.closest('main'));
  });
  // Rows repeat: one menu of a kind is enough.
  const seen = new Set();
  return list.flatMap((e, i) => {
    const kind = `${e.getAttribute('aria-haspopup')} ${e.closest('tr,li') ? 'row' : ''} ${e.closest('tr,li') ? e.className : e.getAttribute('aria-label') ?? e.textContent}`;
    if (seen.has(kind)) return [];
    seen.add(kind);
    e.setAttribute('data-e2e', String(i));
    return [{ at: i, name: (e.getAttribute('aria-label') ?? e.textContent ?? '').trim().slice(0, 60) }];
  });
}

for (const cell of SHORT ? CELLS.slice(0, 1) : CELLS) {
  describe(`a11y: what opens, ${nameOf(cell)}`, () => {
    /** @type {import('./lib/fixtures.mjs').Stage} */
    let s;
    /** @type {Tab} */
    let tab;
    before(async () => {
      s = await stage('small');
      tab = await Tab.enter(s.server, lookOf(cell));
    });
    after(async () => {
      await tab?.close();
      await s?.close();
    });

    for (const { name, route } of ROUTES) {
      test(name, async () => {
        const page = tab.page;
        await tab.go(await route(s));
        const trouble = [];
        const found = await page.evaluate(openers, name === 'home');
        for (const { at, name: label } of found) {
          const opener = page.locator(`[data-e2e="${at}"]`);
          const before = await page.locator(OVERLAY).count();
          await opener.click();
          const opened = await page.waitForFunction(([selector, n]) => document.querySelectorAll(selector).length > n, /** @type {const} */ ([OVERLAY, before]), { timeout: 5000 }).catch(() => undefined);
          if (!opened) {
            trouble.push(`"${label}" opened nothing`);
            continue;
          }
          await tab.page.waitForFunction(() => !document.querySelector('[aria-busy="true"]'));
          trouble.push(...(await axe(page)).map((v) => `"${label}" open: ${v}`), ...(await faults(tab)).map((f) => `"${label}" open: ${f}`));
          await page.keyboard.press('Escape');
          await page.waitForFunction(([selector, n]) => document.querySelectorAll(selector).length === n, /** @type {const} */ ([OVERLAY, before]), { timeout: 3000 }).catch(async () => {
            trouble.push(`"${label}": Escape does not close it`);
            await tab.go(await route(s));
          });
          const back = await page.evaluate(() => document.activeElement?.getAttribute('data-e2e') ?? document.activeElement?.outerHTML.slice(0, 120));
          if (back !== String(at)) trouble.push(`"${label}": focus does not come back but goes to ${back}`);
        }
        assert.deepEqual(trouble, []);
      });
    }

    test('command palette and keyboard help', async () => {
      const page = tab.page;
      await tab.go('/');
      for (const press of ['Control+k', '?']) {
        await page.keyboard.press(press);
        await page.locator(OVERLAY).first().waitFor();
        assert.deepEqual(await axe(page), [], `${press} open`);
        await page.keyboard.press('Escape');
        await page.locator(OVERLAY).first().waitFor({ state: 'detached' });
      }
    });
  });
}

if (!SHORT) describe('a11y: harder looks', () => {
  /** @type {import('./lib/fixtures.mjs').Stage} */
  let s;
  before(async () => { s = await stage('small'); });
  after(async () => s?.close());

  /** Visits every page with a look and collects trouble. */
  async function everywhere(look, also, prepare) {
    const tab = await Tab.enter(s.server, look, prepare);
    const trouble = [];
    try {
      for (const { name, route } of ROUTES) {
        await tab.go(await route(s));
        trouble.push(...(await faults(tab)).map((f) => `${name}: ${f}`), ...(await axe(tab.page)).map((v) => `${name}: ${v}`));
        trouble.push(...(await also?.(tab.page) ?? []).map((f) => `${name}: ${f}`));
      }
    } finally {
      await tab.close();
    }
    assert.deepEqual(trouble, []);
  }

  test('400 % zoom of a 1280 px window: reflows to 320 px', () => everywhere({ width: 320, height: 256 }));

  test('forced colours: every control keeps an outline', () => everywhere({ forcedColors: true }, (page) => page.evaluate(() => [...document.querySelectorAll('main button:not([role=radio]):not([role=tab]), main input, main [role=switch], main [role=combobox]')].filter((e) => {
    const r = e.getBoundingClientRect();
    const c = getComputedStyle(e);
    return r.width > 1 && r.height > 1 && parseFloat(c.borderTopWidth) === 0 && c.outlineStyle === 'none' && !e.querySelector('svg') && c.textDecorationLine === 'none' && !e.closest('table,[role=list],ul');
  }).map((e) => `no outline in forced colours: ${e.outerHTML.slice(0, 160)}`))));

  test('reduced motion: nothing moves for long', () => everywhere({ reducedMotion: true }, (page) => page.evaluate(() => document.getAnimations().filter((a) => { const t = a.effect?.getComputedTiming(); return t && (t.iterations === Infinity || Number(t.duration) > 80); }).map((a) => `animation ${a['animationName'] ?? a['transitionProperty']} of ${a.effect?.getComputedTiming().duration} ms`))));

  // Neither language is shipped: a build for tests has them, and takes the place of the shipped files in the browser.
  test('the mirror (ar-XB) and long words (en-XA)', async () => {
    const workbench = await buildWorkbench();
    const mirrored = (page) => page.evaluate(() => (document.documentElement.dir === 'rtl' && getComputedStyle(document.body).direction === 'rtl' ? [] : ['not mirrored']));
    for (const width of [1440, 360]) {
      await everywhere({ lang: 'ar-XB', width }, mirrored, pretend(workbench, 'ar-XB'));
      await everywhere({ lang: 'en-XA', width }, undefined, pretend(workbench, 'en-XA'));
    }
  });
});
