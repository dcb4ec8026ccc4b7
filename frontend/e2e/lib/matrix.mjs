// Which looks a suite goes through: all of them, or the short run of `make test` (rulings 5.4).
import { LANGUAGES, THEMES, WIDTHS } from './pages.mjs';

export const SHORT = process.argv.includes('--short');

/** @typedef {{lang: string, theme: 'light' | 'dark', width: number}} Cell */

/** @type {Cell[]} */
export const CELLS = SHORT
  ? [
    { lang: 'en', theme: 'light', width: 1440 },
    { lang: 'en', theme: 'dark', width: 1440 },
    { lang: 'ko', theme: 'light', width: 1440 },
    { lang: 'pt-BR', theme: 'light', width: 1440 },
    { lang: 'en', theme: 'light', width: 360 },
  ]
  : LANGUAGES.flatMap((lang) => THEMES.flatMap((theme) => WIDTHS.map((width) => ({ lang, theme, width }))));

export const nameOf = (c) => `${c.lang} ${c.theme} ${c.width}`;

/** @param {Cell} c */
export const lookOf = (c) => ({ ...c, height: c.width < 900 ? 740 : 900, touch: c.width < 900 });
