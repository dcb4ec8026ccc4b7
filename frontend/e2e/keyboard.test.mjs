// Everything without a mouse: moving, finding, making, undoing; focus is always somewhere, visible, and goes the way the eye does
// (dashboard.md 1.11, 1.12).
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { stage } from './lib/fixtures.mjs';
import { ROUTES, Tab } from './lib/pages.mjs';
import { Server } from './lib/server.mjs';
import { speaker } from './lib/words.mjs';

/** Runs in the page: what has the focus, and what is wrong with it. */
function focused() {
  const e = document.activeElement;
  if (!e || e === document.body) return { lost: true, at: '', trouble: [] };
  const r = e.getBoundingClientRect();
  const c = getComputedStyle(e);
  const trouble = [];
  const name = `${e.tagName.toLowerCase()} "${(e.getAttribute('aria-label') ?? e.textContent ?? '').trim().slice(0, 40)}"`;
  // The ring may be drawn by the element itself or by the field around it.
  const ringed = [e, e.parentElement, e.parentElement?.parentElement].some((x) => x && ((getComputedStyle(x).outlineStyle !== 'none' && parseFloat(getComputedStyle(x).outlineWidth) >= 2) || getComputedStyle(x).boxShadow !== 'none'));
  if (!ringed) trouble.push(`${name}: no ring`);
  if (r.width < 2 || r.height < 2 || c.visibility === 'hidden') trouble.push(`${name}: not visible`);
  if (e instanceof HTMLElement && e.tabIndex > 0) trouble.push(`${name}: tabindex ${e.tabIndex}`);
  if (e.closest('[aria-hidden="true"]')) trouble.push(`${name}: hidden from screen readers`);
  const card = e.closest('section,header,nav,aside,[role=dialog],form,table') ?? document.body;
  window['__ids'] ??= new WeakMap();
  const id = (x) => { if (!window['__ids'].has(x)) window['__ids'].set(x, (window['__next'] = (window['__next'] ?? 0) + 1)); return window['__ids'].get(x); };
  return { lost: false, at: name, id: id(e), card: id(card), fixed: ['fixed', 'sticky'].includes(getComputedStyle(card).position), top: r.top + scrollY, bottom: r.bottom + scrollY, left: r.left, trouble };
}

describe('keyboard: every page', () => {
  /** @type {import('./lib/fixtures.mjs').Stage} */
  let s;
  /** @type {Tab} */
  let tab;
  before(async () => {
    s = await stage('small');
    tab = await Tab.enter(s.server);
  });
  after(async () => {
    await tab?.close();
    await s?.close();
  });

  for (const { name, route } of ROUTES) {
    test(`Tab through ${name}`, async () => {
      const { page } = tab;
      await tab.go(await route(s));
      const trouble = [];
      const seen = new Set();
      let last;
      for (let i = 0; i < 90; i++) {
        await page.keyboard.press('Tab');
        const now = await page.evaluate(focused);
        if (now.lost) {
          // Past the last control the browser's own frame has it; then it begins anew.
          if (seen.size < 3) trouble.push('focus is nowhere');
          break;
        }
        if (seen.has(now.id)) break;
        seen.add(now.id);
        trouble.push(...now.trouble);
        // Within a card: down, or on the same line onwards.
        if (last && last.card === now.card && !now.fixed && now.bottom <= last.top + 1) trouble.push(`${now.at} comes after ${last.at} but stands above it`);
        last = now;
      }
      assert.ok(seen.size >= 3, `only ${seen.size} stops`);
      assert.deepEqual([...new Set(trouble)], []);
    });
  }

  test('the skip link leads past the navigation', async () => {
    const { page } = tab;
    const say = speaker('en');
    await tab.go('/keys');
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), say('shell:skip'));
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    assert.ok(await page.evaluate(() => document.querySelector('main')?.contains(document.activeElement)), 'the next stop is not in main');
  });

  test('g and a letter go to each page, focus goes to its heading and the title follows', async () => {
    const { page } = tab;
    const say = speaker('en');
    await tab.go('/');
    for (const [letter, id] of /** @type {const} */ ([['p', 'providers'], ['c', 'combos'], ['k', 'keys'], ['l', 'logs'], ['s', 'settings'], ['h', 'home']])) {
      await page.keyboard.press('g');
      await page.keyboard.press(letter);
      const title = say(`shell:page.${id}`);
      await page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor();
      await page.waitForFunction((t) => document.title === t, say('shell:title', { page: title }));
      await page.waitForFunction(() => document.activeElement?.tagName === 'H1');
    }
  });

  test('/ finds the search of a page, Escape and Ctrl+K do what they say', async () => {
    const { page } = tab;
    for (const route of ['/providers', '/logs/requests']) {
      await tab.go(route);
      await page.keyboard.press('/');
      assert.equal(await page.evaluate(() => document.activeElement?.tagName), 'INPUT', `${route}: / finds no search`);
    }
    await tab.go('/');
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.type('API K');
    await page.locator('[role=option][aria-selected=true]').filter({ hasText: 'API Keys' }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'API Keys' }).waitFor();
    await page.keyboard.press('Control+,');
    await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor();
  });

  test('the palette finds pages in the current language and in English', async () => {
    const ko = await Tab.enter(s.server, { lang: 'ko' });
    for (const word of ['설정', 'Settings', 'Endpoint']) {
      await ko.page.keyboard.press('Control+k');
      await ko.page.getByRole('dialog').waitFor();
      await ko.page.keyboard.type(word);
      await ko.page.locator('[role=option]').first().waitFor();
      const found = await ko.page.locator('[role=option]').allInnerTexts();
      const want = word === 'Endpoint' ? '홈' : '설정';
      assert.ok(found.some((t) => t.includes(want)), `${word} finds ${found}`);
      await ko.page.keyboard.press('Escape');
      await ko.page.getByRole('dialog').waitFor({ state: 'detached' });
    }
    await ko.close();
  });

  test('a row of the log opens with Enter, arrows walk, Escape gives the focus back', async () => {
    const { page } = tab;
    await tab.go('/logs/requests');
    const row = page.locator('tbody tr[tabindex="0"]').first();
    await row.focus();
    await page.keyboard.press('ArrowDown');
    const second = await page.evaluate(() => document.activeElement?.textContent);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    const first = page.url();
    await page.keyboard.press('ArrowDown');
    await page.waitForFunction((u) => location.href !== u, first);
    await page.keyboard.press('ArrowUp');
    await page.waitForFunction((u) => location.href === u, first);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.waitForFunction((t) => document.activeElement?.textContent === t, second);
  });

  test('a key is made, and a combo deleted and brought back, by keyboard alone', async () => {
    const { page } = tab;
    const say = speaker('en');
    await tab.go('/keys');
    /** Tabs until the focus is on something called name. */
    const reach = async (name) => {
      for (let i = 0; i < 80; i++) {
        await page.keyboard.press('Tab');
        const at = await page.evaluate(() => (document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '').trim());
        if (at === name) return;
      }
      throw new Error(`Tab never reaches "${name}"`);
    };
    await reach(say('keys:new'));
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.tagName), 'INPUT', 'the name has no focus');
    await page.keyboard.type('by-keyboard');
    await page.keyboard.press('Enter');
    await page.getByText(/sk-omni-\w{40,}/).waitFor();
    assert.ok(await page.evaluate(() => document.activeElement !== document.body), 'focus is lost after making');
    await page.keyboard.press('Escape');
    assert.ok((await s.server.api('GET', '/api/keys')).keys.some((k) => k.name === 'by-keyboard'));

    await tab.go('/combos');
    await reach(say('common:menuFor', { name: 'south-only' }));
    await page.keyboard.press('Enter');
    await page.getByRole('menu').waitFor();
    await page.waitForFunction(() => document.activeElement?.getAttribute('role') === 'menuitem');
    await page.keyboard.press('End');
    await page.waitForFunction((name) => document.activeElement?.textContent === name, say('common:delete'));
    await page.keyboard.press('Enter');
    await page.getByText(say('combos:deleted', { name: 'south-only' })).waitFor();
    await page.waitForFunction(() => document.activeElement !== document.body);
    const names = async () => (await s.server.api('GET', '/api/combos')).combos.map((c) => c.name);
    assert.ok(!(await names()).includes('south-only'));
    await page.keyboard.press('Control+z');
    await page.getByText('south-only').first().waitFor();
    await page.getByText(say('common:undone')).first().waitFor();
    assert.ok((await names()).includes('south-only'), 'Ctrl+Z does not bring it back');
  });
});

test('keyboard: the first run needs no mouse', async () => {
  const server = await Server.start();
  const tab = await Tab.enter(server);
  const { page } = tab;
  const say = speaker('en');
  await tab.page.goto(`${server.url}/#/setup`);
  const press = async (key) => {
    const button = page.getByRole('button', { name: say(key), exact: true });
    await button.waitFor();
    for (let i = 0; i < 40; i++) {
      if (await button.evaluate((b) => b === document.activeElement)) return page.keyboard.press('Enter');
      await page.keyboard.press('Tab');
    }
    throw new Error(`Tab never reaches ${say(key)}`);
  };
  for (const key of ['onboarding:welcome.start', 'onboarding:accounts.without', 'onboarding:combo.continue', 'onboarding:try.send']) await press(key);
  await page.getByText(say('onboarding:try.simulated')).waitFor();
  await press('onboarding:try.open');
  await page.getByRole('heading', { level: 1, name: say('shell:page.home') }).waitFor();
  await tab.close();
  await server.stop();
});
