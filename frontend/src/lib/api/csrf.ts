import { joinTabs, tellGone, tellWord } from './tabs';

// The second half of a browser's session (rulings 1.3): the cookie alone opens
// nothing. sessionStorage survives a reload and no other site reads it.
const name = 'omniroute.csrf';

type Listener = () => void;
const listeners = new Set<Listener>();

export function csrf(): string | null {
  return window.sessionStorage.getItem(name);
}

/** Keeps the word of a new session, and tells the other tabs. */
export function remember(value: string): void {
  watchTabs();
  window.sessionStorage.setItem(name, value);
  tellWord(value);
}

/** Keeps a word that another tab told. */
export function keep(value: string): void {
  window.sessionStorage.setItem(name, value);
}

/** Drops the word of a session that is over, here and in the other tabs. */
export function forget(): void {
  const word = csrf();
  window.sessionStorage.removeItem(name);
  if (word !== null) tellGone(word);
}

/** Tells when another tab signed in or out. */
export function onOtherTab(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Joins the tabs that are open already; once is enough. */
export function watchTabs(): void {
  joinTabs({
    word: csrf,
    onWord: (word) => {
      if (csrf() === word) return;
      keep(word);
      listeners.forEach((tell) => tell());
    },
    onGone: (word) => {
      if (csrf() !== word) return;
      window.sessionStorage.removeItem(name);
      listeners.forEach((tell) => tell());
    },
  });
}
