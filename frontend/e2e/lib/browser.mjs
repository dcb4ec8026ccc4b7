// One Chromium for all suites, and pages that notice what must not happen: errors, foreign hosts, policy violations.
import { chromium } from 'playwright-core';

const FLAGS = [
  '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
  // A page loaded before its name was rebound counts as public; the gateway itself must keep it out, not only newer browsers.
  '--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebRTC,LocalNetworkAccessForNavigations,BlockInsecurePrivateNetworkRequests',
  '--disable-sync', '--disable-domain-reliability', '--no-pings', '--force-color-profile=srgb', '--font-render-hinting=none',
  // Nothing but this machine exists; evil.test is a foreign name that has been rebound to it.
  '--host-resolver-rules=MAP evil.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
];

let running;

/** The shared browser, started when first asked for. */
export function browser() {
  running ??= chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: [...FLAGS, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
  });
  return running;
}

export async function closeBrowser() {
  const open = running;
  running = undefined;
  await (await open)?.close();
}

/** @typedef {{lang?: string, theme?: 'light' | 'dark', width?: number, height?: number, reducedMotion?: boolean, forcedColors?: boolean, touch?: boolean, permissions?: string[]}} Look */

/** A browser profile of its own. @param {Look} [look] */
export async function profile({ lang = 'en', theme = 'light', width = 1440, height = 900, reducedMotion = true, forcedColors = false, touch = false, permissions = [] } = {}) {
  return (await browser()).newContext({
    locale: lang, colorScheme: theme, viewport: { width, height }, timezoneId: 'UTC', hasTouch: touch, permissions,
    reducedMotion: reducedMotion ? 'reduce' : 'no-preference', forcedColors: forcedColors ? 'active' : 'none', serviceWorkers: 'block',
  });
}

/** What a page did that it must not do. */
export class Watch {
  /** @param {import('playwright-core').Page} page @param {string[]} origins where it may go */
  constructor(page, origins) {
    this.origins = origins;
    this.trouble = [];
    /** @type {{url: string, status: number, type: string, bytes?: number}[]} */
    this.responses = [];
    page.on('console', (m) => { if (m.type() === 'error' || m.type() === 'warning') this.trouble.push(`console ${m.type()}: ${m.text()} (${m.location().url})`); });
    page.on('pageerror', (e) => this.trouble.push(`uncaught: ${e.message}`));
    page.on('dialog', (d) => { this.trouble.push(`dialog: ${d.type()} ${d.message()}`); d.dismiss().catch(() => {}); });
    page.on('request', (r) => { if (!this.allowed(r.url())) this.trouble.push(`foreign request: ${r.url()}`); });
    page.on('response', (r) => this.responses.push({ url: r.url(), status: r.status(), type: r.request().resourceType() }));
  }

  allowed(url) {
    return /^(data|blob|about):/.test(url) || this.origins.includes(new URL(url).origin);
  }

  /** Returns and forgets the trouble so far, without what a test provoked on purpose. @param {RegExp} [expected] */
  take(expected) {
    const found = this.trouble.filter((t) => !expected?.test(t));
    this.trouble = [];
    return found;
  }
}
