import { useRef, type FocusEvent } from 'react';

/** Gives the focus back to what opened an overlay, for those that are opened
 * by state instead of by a trigger of their own. Radix remembers what had the
 * focus when its trap begins; a field with autoFocus has taken it by then.
 * Where the opener is gone the page's heading is the next best place, and
 * what has found a focus already (the palette leads to another page) keeps it. */
export function useReturnFocus() {
  const opener = useRef<HTMLElement | null>(null);
  return {
    onFocusCapture: (event: FocusEvent<HTMLElement>) => {
      const from = event.relatedTarget;
      if (!(from instanceof HTMLElement) || event.currentTarget.contains(from) || opener.current?.isConnected === true) return;
      // An entry goes with its menu; the menu's button stays.
      const menu = from.closest('[role="menu"]');
      opener.current = menu === null ? from : document.getElementById(menu.getAttribute('aria-labelledby') ?? '');
    },
    onCloseAutoFocus: (event: Event) => {
      event.preventDefault();
      const to = opener.current?.isConnected ? opener.current : document.querySelector<HTMLElement>('h1[tabindex="-1"]');
      opener.current = null;
      if (document.activeElement === document.body || document.activeElement === null) to?.focus();
    },
  };
}
