// The sentences of the catalogues, so that a test finds a button in every language by what it says.
import { catalogue } from './checks.mjs';

const held = new Map();

/** Speaks one language: say('home:connect.title', {name}) as the page does. @param {string} lang */
export function speaker(lang) {
  if (!held.has(lang)) held.set(lang, catalogue(lang));
  const words = held.get(lang);
  /** @param {string} key @param {Record<string, string | number>} [args] */
  return (key, args = {}) => {
    const text = words.get(key);
    if (text === undefined) throw new Error(`${lang} has no words for ${key}`);
    return text.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name) => { if (!(name in args)) throw new Error(`${key} wants ${name}`); return String(args[name]); });
  };
}
