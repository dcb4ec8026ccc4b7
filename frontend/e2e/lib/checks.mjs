// What every page must hold, whatever it shows (dashboard.md 4.5 "pages" and "a11y").
import fs from 'node:fs';
import path from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { ROOT } from './server.mjs';

const WORDS = path.join(ROOT, 'frontend/src/i18n');

/** All sentences of a language by "area:key". @param {string} lang */
export function catalogue(lang) {
  /** @type {Map<string, string>} */
  const out = new Map();
  for (const file of fs.readdirSync(path.join(WORDS, lang))) {
    const walk = (value, at) => {
      if (typeof value === 'string') out.set(at, value);
      else for (const [k, v] of Object.entries(value)) walk(v, at.endsWith(':') ? at + k : `${at}.${k}`);
    };
    walk(JSON.parse(fs.readFileSync(path.join(WORDS, lang, file), 'utf8')), `${file.replace('.json', '')}:`);
  }
  return out;
}

/** English sentences that a page in lang must not show, because lang says them otherwise. */
export function foreignWords(lang) {
  if (lang === 'en' || /-X[AB]$/.test(lang)) return [];
  const own = catalogue(lang);
  const said = new Set(own.values());
  return [...catalogue('en')].filter(([key, text]) => own.get(key) !== text && !said.has(text) && /[a-z]{2}/.test(text) && !text.includes('{{')).map(([, text]) => text);
}

/** Runs in the page. */
function inspect({ keys, foreign, least }) {
  const trouble = [];
  const shown = (e) => {
    const r = e.getBoundingClientRect();
    const s = getComputedStyle(e);
    // Text for screen readers only is clipped to a pixel.
    return r.width > 1 && r.height > 1 && s.visibility !== 'hidden' && s.display !== 'none' && s.opacity !== '0';
  };
  const scrollsSideways = (e) => {
    for (let a = e; a; a = a.parentElement) if (a !== document.body && a !== document.documentElement && /auto|scroll/.test(getComputedStyle(a).overflowX)) return true;
    return false;
  };
  // A modal dialog hides the page under it, heading and all.
  const modal = document.querySelector('[role="dialog"],[role="alertdialog"],[role="menu"],[role="listbox"]') !== null;
  const headings = [...document.querySelectorAll('h1')].filter((h) => modal || !h.closest('[aria-hidden="true"]'));
  if (headings.length !== 1) trouble.push(`${headings.length} h1: ${headings.map((h) => h.textContent)}`);
  // Pseudo-languages change even the name.
  if (!(/-X[AB]$/.test(document.documentElement.lang) ? / · ./ : /^\S.* · OmniRoute$/).test(document.title)) trouble.push(`title "${document.title}"`);
  const wide = document.documentElement.scrollWidth;
  if (wide > innerWidth) {
    const culprits = [...document.body.querySelectorAll('*')].filter((e) => { const r = e.getBoundingClientRect(); return r.right > innerWidth + 1 && r.width > 0; }).slice(0, 3).map((e) => `${e.tagName.toLowerCase()}.${e.getAttribute('class')?.slice(0, 80)} "${e.textContent?.slice(0, 40)}"`);
    trouble.push(`scrolls sideways: ${wide} > ${innerWidth}: ${culprits.join(' | ')}`);
  }
  const known = new Set(keys);
  const english = new Set(foreign);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n = walker.nextNode(); n; n = walker.nextNode()) {
    const text = n.nodeValue?.trim();
    const e = n.parentElement;
    if (!text || !e || !shown(e)) continue;
    const box = e.getBoundingClientRect();
    // Off-screen on purpose (a skip link) is left of the page; what ends right of it was cut.
    if (box.right > innerWidth + 1 && box.left < innerWidth && !scrollsSideways(e)) trouble.push(`runs out of the window: "${text.slice(0, 60)}" ends at ${Math.round(box.right)}`);
    const size = parseFloat(getComputedStyle(e).fontSize);
    if (size < least) trouble.push(`text of ${size} px: "${text.slice(0, 60)}"`);
    if (known.has(text) || /^__?MISSING/.test(text) || /\{\{|\}\}/.test(text)) trouble.push(`raw key or placeholder: "${text.slice(0, 80)}"`);
    if (english.has(text)) trouble.push(`English words: "${text.slice(0, 80)}"`);
  }
  for (const e of document.querySelectorAll('[aria-label],[title],[placeholder],[alt]')) {
    for (const a of ['aria-label', 'title', 'placeholder', 'alt']) {
      const text = e.getAttribute(a);
      if (text === null) continue;
      if (known.has(text)) trouble.push(`raw key in ${a}: "${text}"`);
      if (english.has(text)) trouble.push(`English words in ${a}: "${text}"`);
      if (a !== 'alt' && text.trim() === '') trouble.push(`empty ${a} on ${e.tagName}`);
    }
  }
  return [...new Set(trouble)];
}

const ALL_KEYS = () => [...catalogue('en').keys()].flatMap((k) => { const bare = k.split(':')[1]; return bare.includes('.') ? [k, bare] : [k]; });
let keys;

/** What is wrong with the page as it stands. @param {import('./pages.mjs').Tab} tab */
export async function faults(tab) {
  keys ??= ALL_KEYS();
  const lang = tab.look.lang ?? 'en';
  const found = await tab.page.evaluate(inspect, { keys, foreign: foreignWords(lang), least: 12 });
  const spoken = await tab.page.evaluate(() => document.documentElement.lang);
  if (spoken !== lang) found.push(`the document says lang="${spoken}"`);
  for (const v of await tab.violations()) found.push(`policy violation: ${v}`);
  return [...found, ...tab.watch.take()];
}

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** axe's violations, one line per failing node. @param {import('playwright-core').Page} page */
export async function axe(page) {
  const { violations } = await new AxeBuilder({ page }).withTags(TAGS).setLegacyMode(true).analyze();
  return violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(' ')} – ${n.failureSummary?.split('\n').slice(1).map((l) => l.trim()).join('; ').slice(0, 240)}`));
}
