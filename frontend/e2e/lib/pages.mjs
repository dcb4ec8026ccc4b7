// The dashboard as a person enters it, and where one can go.
import { profile, Watch } from './browser.mjs';

/** Languages that are shipped, and the widths that must hold. */
export const LANGUAGES = ['en', 'pt-BR', 'ko'];
export const THEMES = /** @type {const} */ (['light', 'dark']);
export const WIDTHS = [1440, 360];

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
  { name: 'request', texts: true, route: async (s) => `/logs/requests/${(await s.server.api('GET', '/api/usage/call-logs?limit=10')).logs.find((l) => l.attempts > 1 || l.error)?.id}` },
  { name: 'settings', route: () => '/settings/general' },
  { name: 'settings-security', route: () => '/settings/security' },
  { name: 'settings-appearance', route: () => '/settings/appearance' },
  { name: 'onboarding', route: () => '/setup' },
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

  /** Waits until the page has its title and no region is loading. */
  async settle() {
    await this.page.locator('h1').first().waitFor({ timeout: 15000 });
    await this.page.waitForFunction(() => !document.querySelector('[aria-busy="true"]'), undefined, { timeout: 15000 });
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
