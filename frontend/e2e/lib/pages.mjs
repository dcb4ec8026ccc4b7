// The dashboard as a person enters it, and where one can go.
import { profile, Watch } from './browser.mjs';

/** Languages that are shipped, and the widths that must hold. */
export const LANGUAGES = ['en', 'pt-BR', 'ko'];
export const THEMES = /** @type {const} */ (['light', 'dark']);
export const WIDTHS = [1440, 360];

/** A request that fell back, or at least failed. @param {import('./fixtures.mjs').Stage} s */
async function interesting(s) {
  const { logs } = await s.server.api('GET', '/api/usage/call-logs?limit=1000');
  return (logs.find((l) => l.attempts > 1) ?? logs.find((l) => l.error !== ''))?.id;
}

/**
 * Every route, and whether it shows texts that users, models or upstreams wrote.
 * @type {{name: string, route: (s: import('./fixtures.mjs').Stage) => string | Promise<string>, texts?: boolean}[]}
 */
export const ROUTES = [
  { name: 'home', texts: true, route: () => '/' },
  { name: 'providers', texts: true, route: () => '/providers' },
  { name: 'provider', texts: true, route: (s) => `/providers/${s.accounts.values().next().value?.provider}` },
  { name: 'provider-models', texts: true, route: (s) => `/providers/${s.accounts.values().next().value?.provider}/models` },
  { name: 'add-account', route: () => '/providers?add' },
  { name: 'combos', route: () => '/combos' },
  { name: 'combo', route: (s) => `/combos/${s.combos.values().next().value?.id}` },
  { name: 'combo-new', route: () => '/combos/new' },
  { name: 'keys', texts: true, route: () => '/keys' },
  { name: 'logs', texts: true, route: () => '/logs/requests' },
  { name: 'request', texts: true, route: async (s) => `/logs/requests/${s.shown ?? (await interesting(s))}` },
  { name: 'settings', route: () => '/settings/general' },
  { name: 'settings-security', route: () => '/settings/security' },
  { name: 'settings-appearance', route: () => '/settings/appearance' },
  { name: 'setup-welcome', route: () => '/setup/welcome' },
  { name: 'setup-accounts', route: () => '/setup/accounts' },
  { name: 'setup-combo', route: () => '/setup/combo' },
  { name: 'setup-try', route: () => '/setup/try' },
  { name: 'not-found', route: () => '/there/is/no/such/page' },
];

/** One signed-in tab. */
export class Tab {
  /**
   * @param {import('./server.mjs').Server} server @param {import('./browser.mjs').Look} [look]
   * @param {(context: import('playwright-core').BrowserContext, url: string) => Promise<void>} [prepare] before the first load
   */
  static async enter(server, look = {}, prepare) {
    const t = new Tab();
    t.server = server;
    t.look = look;
    t.context = await profile(look);
    await prepare?.(t.context, server.url);
    t.page = await t.context.newPage();
    t.watch = new Watch(t.page, [server.url]);
    t.listen();
    await t.page.addInitScript(() => {
      Object.assign(window, { __violations: [] });
      document.addEventListener('securitypolicyviolation', (e) => window['__violations'].push(`${e.violatedDirective} ${e.blockedURI} ${e.sample}`));
    });
    await t.page.goto(await server.link());
    await t.settle();
    return t;
  }

  /** @type {import('./server.mjs').Server} */ server;
  /** @type {import('./browser.mjs').Look} */ look;
  /** @type {import('playwright-core').BrowserContext} */ context;
  /** @type {import('playwright-core').Page} */ page;
  /** @type {Watch} */ watch;

  /** Loads the page anew at a route. */
  async go(route) {
    await this.page.goto('about:blank');
    await this.page.goto(`${this.server.url}/#${route}`);
    await this.settle();
  }

  /** Moves within the page, as a link does. */
  async move(route) {
    await this.page.evaluate((r) => { location.hash = r; }, route);
    await this.settle();
  }

  /** Requests that are not answered yet; the feed never is. @type {Set<import('playwright-core').Request>} */
  asked = new Set();
  lastAnswer = 0;

  listen() {
    this.page.on('request', (r) => { if (!r.url().endsWith('/api/events')) this.asked.add(r); });
    for (const end of /** @type {const} */ (['requestfinished', 'requestfailed'])) this.page.on(/** @type {any} */ (end), (/** @type {any} */ r) => { this.asked.delete(r); this.lastAnswer = Date.now(); });
  }

  /** Waits until the page has its title, nothing is asked any more and no region is loading. */
  async settle() {
    await this.page.locator('h1').first().waitFor({ timeout: 15000 });
    for (const until = Date.now() + 15000; ;) {
      const busy = this.asked.size > 0 || Date.now() - this.lastAnswer < 120 || (await this.page.evaluate(() => Boolean(document.querySelector('[aria-busy="true"]'))));
      if (!busy) break;
      if (Date.now() > until) throw new Error(`still loading after 15 s: ${[...this.asked].map((r) => r.url()).join(' ') || 'a busy region'}`);
      await this.page.waitForTimeout(30);
    }
    await this.page.evaluate(() => document.fonts.ready.then(() => new Promise((ok) => requestAnimationFrame(() => requestAnimationFrame(ok)))).then(() => undefined));
  }

  /** CSP violations since the last load. */
  violations() {
    return this.page.evaluate(() => window['__violations'] ?? []);
  }

  close() {
    return this.context.close();
  }
}
