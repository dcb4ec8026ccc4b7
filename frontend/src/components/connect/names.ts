import type { Connection } from '@/lib/api';

/** A name for the next account: groq-1, groq-2 and so on, the first that no
 * account of that provider has. */
export function nextName(prefix: string, accounts: readonly Pick<Connection, 'name'>[]): string {
  const taken = new Set(accounts.map((account) => account.name));
  for (let n = 1; ; n++) {
    const name = `${prefix}-${n}`;
    if (!taken.has(name)) return name;
  }
}

/** Tells a pasted key from a search. Keys are long, have no spaces and mix
 * letters with digits; no provider is called like that. */
export function looksLikeKey(text: string): boolean {
  const word = text.trim();
  return word.length >= 16 && !/\s/.test(word) && !looksLikeAddress(word) && /\d/.test(word) && /[a-z]/i.test(word);
}

/** Text that came at once and not key by key. Only that is taken for a pasted
 * key or address: a typed one is not whole before the person says so. */
export function cameAtOnce(before: number, text: string): boolean {
  return text.length - before >= 8;
}

export function looksLikeAddress(text: string): boolean {
  return /^https?:\/\/\S+\.\S|^https?:\/\/localhost|^https?:\/\/\S+:\d+/i.test(text.trim());
}
