// Tabs of one browser share the cookie, but each has its own sessionStorage,
// so a second tab would be a stranger. They tell each other the word over a
// channel that only pages of this very origin, port included, can hear.

type Said = { ask: true } | { word: string } | { gone: string };

/** What a tab knows and does when another speaks. */
export interface Tab {
  word: () => string | null;
  onWord: (word: string) => void;
  onGone: (word: string) => void;
}

const name = 'omniroute.session';
/** How long another tab has to answer, in milliseconds. */
const patience = 150;

let channel: BroadcastChannel | undefined;
const waiting = new Set<(word: string) => void>();

/** Joins the other tabs. Without such channels every tab is on its own. */
export function joinTabs(tab: Tab): void {
  if (channel || typeof BroadcastChannel === 'undefined') return;
  channel = new BroadcastChannel(name);
  channel.onmessage = ({ data }: MessageEvent<Said>) => {
    if ('ask' in data) {
      const word = tab.word();
      if (word !== null) say({ word });
    } else if ('word' in data) {
      if (waiting.size > 0) waiting.forEach((take) => take(data.word));
      else tab.onWord(data.word);
    } else {
      tab.onGone(data.gone);
    }
  };
}

/** Leaves the other tabs; for tests. */
export function leaveTabs(): void {
  channel?.close();
  channel = undefined;
}

function say(said: Said): void {
  channel?.postMessage(said);
}

export const tellWord = (word: string) => say({ word });
export const tellGone = (gone: string) => say({ gone });

/** Asks the other tabs for the word; null when none answers in time. */
export function askTabs(): Promise<string | null> {
  if (!channel) return Promise.resolve(null);
  return new Promise((resolve) => {
    const done = (word: string | null) => {
      clearTimeout(timer);
      waiting.delete(done);
      resolve(word);
    };
    const timer = setTimeout(() => done(null), patience);
    waiting.add(done);
    say({ ask: true });
  });
}
