// What stands before the pages: the lock, the browser nobody signed in, the gateway that does not answer. J15 and J16 of
// dashboard.md 4.5.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { profile, Watch } from './lib/browser.mjs';
import { axe, faults } from './lib/checks.mjs';
import { CELLS, lookOf, nameOf } from './lib/matrix.mjs';
import { Tab } from './lib/pages.mjs';
import { Server } from './lib/server.mjs';
import { speaker } from './lib/words.mjs';

const PASSWORD = 'correct horse battery staple';

/** A tab that nobody signed in. @param {Server} server @param {import('./lib/browser.mjs').Look} [look] */
async function stranger(server, look = {}) {
  const t = new Tab();
  Object.assign(t, { server, look, context: await profile(look) });
  t.page = await t.context.newPage();
  t.watch = new Watch(t.page, [server.url]);
  t.listen();
  await t.page.goto(`${server.url}/`);
  await t.settle();
  return t;
}

describe('doors: looks', () => {
  let locked, open;
  before(async () => {
    locked = await Server.start({ env: { INITIAL_PASSWORD: PASSWORD } });
    open = await Server.start();
  });
  after(async () => {
    await locked?.stop();
    await open?.stop();
  });
  for (const cell of CELLS) {
    test(`lock and stranger, ${nameOf(cell)}`, async () => {
      const say = speaker(cell.lang);
      for (const [server, title] of /** @type {const} */ ([[locked, 'lock:title'], [open, 'lock:stranger.title']])) {
        const tab = await stranger(server, lookOf(cell));
        assert.equal(await tab.page.locator('h1').textContent(), say(title));
        assert.deepEqual(await faults(tab), []);
        assert.deepEqual(await axe(tab.page), []);
        await tab.close();
      }
    });
  }
});

describe('doors: journeys', () => {
  const say = speaker('en');

  test('a link signs in once; the second time it says so and shows the way', async () => {
    const server = await Server.start();
    const link = server.printedLink;
    const tab = await stranger(server);
    await tab.page.goto(link);
    await tab.page.getByRole('navigation').waitFor();
    assert.ok(!tab.page.url().includes('sign-in'), 'the token stays in the address');
    const again = await stranger(server);
    await again.page.goto(link);
    await again.page.getByRole('alert').waitFor();
    assert.match(await again.page.getByRole('alert').innerText(), new RegExp(say('lock:stranger.refused')));
    await tab.close();
    await again.close();
    await server.stop();
  });

  test('J15: locked; a wrong password says so, five make it wait, the right one opens, and locking closes again', async () => {
    const server = await Server.start({ env: { INITIAL_PASSWORD: PASSWORD } });
    const tab = await stranger(server);
    const { page } = tab;
    const field = page.getByLabel(say('lock:password'), { exact: true });
    assert.ok(await field.evaluate((e) => e === document.activeElement), 'the field has no focus');
    const give = async (password) => {
      await field.fill(password);
      const answered = page.waitForResponse((r) => r.url().endsWith('/api/auth/login'));
      await page.keyboard.press('Enter');
      return (await answered).status();
    };
    assert.equal(await give('wrong'), 401);
    await page.getByText(say('lock:wrong')).waitFor();
    assert.deepEqual(await axe(page), [], 'with the error shown');
    assert.equal(await give(PASSWORD), 200);
    await page.getByRole('navigation').waitFor();
    assert.equal(await page.getByText(PASSWORD).count(), 0);
    assert.ok(!(await page.content()).includes(PASSWORD), 'the password stays in the document');

    const other = await stranger(server);
    const theirs = other.page.getByLabel(say('lock:password'), { exact: true });
    for (let i = 0; i < 5; i++) {
      await theirs.fill(`wrong ${i}`);
      const answered = other.page.waitForResponse((r) => r.url().endsWith('/api/auth/login'));
      await other.page.keyboard.press('Enter');
      await answered;
    }
    await theirs.fill(PASSWORD);
    await other.page.keyboard.press('Enter');
    await other.page.getByText(new RegExp(`^${say('lock:wait', { time: '.*' })}$`)).waitFor();
    await other.close();
    await tab.close();
    await server.stop();
  });

  test('the tabs of one browser come and go together', async () => {
    const server = await Server.start({ env: { INITIAL_PASSWORD: PASSWORD } });
    const first = await stranger(server);
    const open = (page) => page.getByRole('navigation').waitFor();
    const shut = (page) => page.getByRole('heading', { level: 1, name: say('lock:title') }).waitFor();
    const enter = async (page) => {
      await page.getByLabel(say('lock:password'), { exact: true }).fill(PASSWORD);
      await page.keyboard.press('Enter');
    };
    await enter(first.page);
    await open(first.page);
    const second = await first.context.newPage();
    await second.goto(`${server.url}/`);
    await open(second);

    await server.api('DELETE', '/api/sessions'); // the visible tab hears it from its stream, the other from that tab
    await shut(second);
    await shut(first.page);

    await enter(second);
    await open(second);
    await open(first.page);
    await second.close();
    await first.close();
    await server.stop();
  });

  test('J16: the gateway is killed: a banner says so, the page stays, and it recovers without a reload', async () => {
    const server = await Server.start();
    await server.api('PATCH', '/api/settings', { setupComplete: true });
    const tab = await Tab.enter(server);
    const { page } = tab;
    await page.evaluate(() => Object.assign(window, { __same: true }));
    await server.kill();
    const banner = page.getByText(say('shell:banner.unreachable'));
    await banner.waitFor({ timeout: 20000 });
    assert.ok(await page.getByRole('navigation').isVisible(), 'the page went away');
    assert.deepEqual(await axe(page), [], 'with the banner shown');
    await server.up();
    await banner.waitFor({ state: 'detached', timeout: 30000 });
    assert.equal(await page.evaluate(() => window['__same']), true, 'the page was loaded anew');
    await server.api('POST', '/api/combos', { name: 'made-after', models: ['demo/simulated'], strategy: 'priority' });
    await tab.close();
    await server.stop();
  });
});
