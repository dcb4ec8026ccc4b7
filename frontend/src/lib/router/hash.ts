// Hash routes with the search inside the hash (#/logs?status=error), so that
// one bundle runs in the window and in a browser, and Back and bookmarks know
// the filters.
import { useCallback, useSyncExternalStore } from 'react';

type Guard = (proceed: () => void) => void;

interface Leave {
  guard: Guard | undefined;
  /** The hash that is on screen. */
  shown: string;
  /** A hash we set ourselves and that nobody has to confirm. */
  allowed: string | undefined;
}

const leave: Leave = { guard: undefined, shown: '', allowed: undefined };

function current(): string {
  const hash = window.location.hash.replace(/^#/, '');
  return hash.startsWith('/') ? hash : `/${hash}`;
}

const listeners = new Set<() => void>();

// One listener for all that look at the address: whoever hears of a change
// first must not keep it from the others.
function changed(): void {
  const to = current();
  if (to === leave.shown) return;
  if (leave.guard && leave.allowed !== to && pathOf(to) !== pathOf(leave.shown)) {
    const guard = leave.guard;
    window.history.replaceState(null, '', `#${leave.shown}`);
    guard(() => {
      leave.allowed = to;
      window.location.hash = to;
    });
    return;
  }
  leave.allowed = undefined;
  leave.shown = to;
  for (const tell of listeners) tell();
}

function subscribe(tell: () => void): () => void {
  leave.shown ||= current();
  if (listeners.size === 0) window.addEventListener('hashchange', changed);
  listeners.add(tell);
  return () => {
    listeners.delete(tell);
    if (listeners.size > 0) return;
    window.removeEventListener('hashchange', changed);
    leave.shown = '';
  };
}

const pathOf = (hash: string) => hash.split('?')[0] ?? '/';
const searchOf = (hash: string) => hash.split('?')[1] ?? '';
const shown = () => leave.shown || current();

export function navigate(to: string, options: { replace?: boolean } = {}): void {
  const target = to.startsWith('/') ? to : `/${to}`;
  if (options.replace) {
    const before = window.location.href;
    window.history.replaceState(null, '', `#${target}`);
    window.dispatchEvent(new HashChangeEvent('hashchange', { oldURL: before, newURL: window.location.href }));
  } else {
    window.location.hash = target;
  }
}

export function usePath(): [string, typeof navigate] {
  return [useSyncExternalStore(subscribe, () => pathOf(shown())), navigate];
}
usePath.hrefs = (href: string) => `#${href}`;

export function useSearchText(): string {
  return useSyncExternalStore(subscribe, () => searchOf(shown()));
}

/** Asks before a page with unsaved changes is left. Only one guard at a time. */
export function setLeaveGuard(guard: Guard): () => void {
  leave.guard = guard;
  return () => {
    if (leave.guard === guard) leave.guard = undefined;
  };
}

/** The filters in the address. Empty values are left out; writing replaces the
 * entry, so that typing does not fill the history. */
export function useSearch(): [URLSearchParams, (changes: Record<string, string | null>) => void] {
  const text = useSearchText();
  const set = useCallback((changes: Record<string, string | null>) => {
    const next = new URLSearchParams(searchOf(current()));
    for (const [name, value] of Object.entries(changes)) {
      if (value === null || value === '') next.delete(name);
      else next.set(name, value);
    }
    const query = next.toString();
    navigate(pathOf(current()) + (query === '' ? '' : `?${query}`), { replace: true });
  }, []);
  return [new URLSearchParams(text), set];
}
