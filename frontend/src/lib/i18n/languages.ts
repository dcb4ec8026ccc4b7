/** One line per language; names are native and never translated. */
export const languages = [
  { code: 'en', name: 'English' },
  { code: 'pt-BR', name: 'Português (Brasil)' },
  { code: 'ko', name: '한국어' },
] as const;

export type Language = (typeof languages)[number]['code'];

export const areas = ['common', 'shell', 'home', 'providers', 'connect', 'combos', 'keys', 'logs', 'settings', 'onboarding', 'lock', 'reasons', 'conditions', 'errors', 'desktop', 'cli'] as const;

export type Area = (typeof areas)[number];

/** Areas that no page shows: Go speaks them. */
export const goAreas: readonly Area[] = ['desktop', 'cli'];

/** Areas of the first screen; they are one chunk per language. */
export const firstAreas: readonly Area[] = ['common', 'shell', 'home', 'lock', 'conditions', 'errors', 'reasons'];

export function isLanguage(code: string | null | undefined): code is Language {
  return languages.some((language) => language.code === code);
}

/** The best of ours for what the system asks for. */
export function pick(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const exact = languages.find((l) => l.code.toLowerCase() === tag.toLowerCase());
    if (exact) return exact.code;
    const base = tag.toLowerCase().split('-')[0];
    const near = languages.find((l) => l.code.toLowerCase().split('-')[0] === base);
    if (near) return near.code;
  }
  return 'en';
}
