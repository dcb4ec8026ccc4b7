import i18next, { type BackendModule, type i18n } from 'i18next';
import { initReactI18next } from 'react-i18next';
import { firstAreas, isLanguage, pick, type Area } from './languages';

export { useCodeWords } from './codes';
export { areas, firstAreas, isLanguage, languages, pick, type Area, type Language } from './languages';

type Catalogue = Record<string, never>;

const catalogues = import.meta.glob<Catalogue>(['../../i18n/*/*.json', '!../../i18n/*/{cli,desktop}.json'], { import: 'default' });

async function read(language: string, area: string): Promise<Catalogue> {
  if (__WORKBENCH__ && (language === 'en-XA' || language === 'ar-XB')) {
    const { pseudoTree } = await import('./pseudo');
    return pseudoTree(language, await read('en', area)) as Catalogue;
  }
  const load = catalogues[`../../i18n/${language}/${area}.json`];
  if (!load) throw new Error(`no words for ${area} in ${language}`);
  return load();
}

const backend: BackendModule = {
  type: 'backend',
  init: () => undefined,
  read: (language, area, done) => {
    read(language, area).then(
      (words) => done(null, words),
      (error: unknown) => done(error instanceof Error ? error : String(error), false),
    );
  },
};

const stored = 'omniroute.language';

/** The language to begin with: what was chosen before, else the system's. */
export function firstLanguage(): string {
  let before: string | null = null;
  try {
    before = window.localStorage.getItem(stored);
  } catch {
    // Storage may be forbidden; the system decides then.
  }
  if (isLanguage(before)) return before;
  if (__WORKBENCH__ && (before === 'en-XA' || before === 'ar-XB')) return before;
  return pick(navigator.languages);
}

function dress(language: string): void {
  document.documentElement.lang = language;
  document.documentElement.dir = language.startsWith('ar') ? 'rtl' : 'ltr';
  try {
    window.localStorage.setItem(stored, language);
  } catch {
    // Then it is asked again next time.
  }
}

/** Starts the words. Resolves when the first screen can speak. */
export async function startWords(language: string): Promise<i18n> {
  i18next.use(backend).use(initReactI18next);
  i18next.on('languageChanged', dress);
  await i18next.init({
    lng: language,
    fallbackLng: false,
    ns: [...firstAreas],
    defaultNS: 'common',
    load: 'currentOnly',
    returnEmptyString: true,
    interpolation: { escapeValue: false },
    // A key is never shown: unit tests prove that none is missing.
    parseMissingKeyHandler: (key) => {
      console.error(`no words for ${key}`);
      return '';
    },
  });
  return i18next;
}

/** Switches live, without reload. */
export async function changeLanguage(language: string): Promise<void> {
  await i18next.changeLanguage(language);
}

/** Loads the words of a page beside its code. */
export async function loadAreas(wanted: readonly Area[]): Promise<void> {
  await i18next.loadNamespaces([...wanted]);
}

/** Whether a catalogue has a sentence for a code that came from Go. */
export function hasWords(area: Area, key: string): boolean {
  return i18next.exists(key, { ns: area });
}
