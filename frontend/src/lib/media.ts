import { useSyncExternalStore } from 'react';

/** Follows a media query. */
export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (tell) => {
      const list = window.matchMedia(query);
      list.addEventListener('change', tell);
      return () => list.removeEventListener('change', tell);
    },
    () => window.matchMedia(query).matches,
  );
}

/** Tables become cards, sheets fill the screen (dashboard 1.13). */
export const phone = '(max-width: 639px)';
export const drawer = '(max-width: 899px)';
