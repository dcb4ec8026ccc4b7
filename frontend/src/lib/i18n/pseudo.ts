// Two made-up languages for development and tests: en-XA shows what is not in
// the catalogue and what breaks when words grow by 40 %, ar-XB what breaks
// when the page runs from right to left.

const accents: Record<string, string> = { a: 'á', e: 'é', i: 'í', o: 'ó', u: 'ú', A: 'Á', E: 'É', I: 'Í', O: 'Ó', U: 'Ú', n: 'ñ', c: 'ç' };

function outsidePlaceholders(text: string, change: (plain: string) => string): string {
  return text
    .split(/(\{\{[^}]*\}\})/)
    .map((part) => (part.startsWith('{{') ? part : change(part)))
    .join('');
}

export function pseudo(language: 'en-XA' | 'ar-XB', text: string): string {
  if (language === 'ar-XB') return `\u202e${text}\u202c`;
  const long = outsidePlaceholders(text, (plain) => plain.replace(/[aeiouAEIOUnc]/g, (letter) => accents[letter] ?? letter));
  return `[${long}${'·'.repeat(Math.ceil(text.length * 0.4))}]`;
}

/** Arabic counts in six ways; English words have two. */
const arabicForms = ['zero', 'two', 'few', 'many'];

function withForms(tree: Tree): Tree {
  const out: Tree = {};
  for (const [key, value] of Object.entries(tree)) {
    out[key] = value;
    if (key.endsWith('_other')) for (const form of arabicForms) out[key.replace(/other$/, form)] ??= value;
  }
  return out;
}

type Tree = { [key: string]: string | Tree };

export function pseudoTree(language: 'en-XA' | 'ar-XB', tree: Tree): Tree {
  const whole = language === 'ar-XB' ? withForms(tree) : tree;
  return Object.fromEntries(Object.entries(whole).map(([key, value]) => [key, typeof value === 'string' ? pseudo(language, value) : pseudoTree(language, value)]));
}
