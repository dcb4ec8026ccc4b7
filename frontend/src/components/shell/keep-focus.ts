import { useEffect } from 'react';

/** Overlays that fade out. */
const leaving = ['dialog', 'alertdialog', 'menu'].map((role) => `[role="${role}"][data-state="closed"]`).join();

/** Keeps the keyboard somewhere: when what had the focus is taken away (a row
 * that was deleted from its own menu), the browser would begin anew at the top
 * of the document. `to` says where it goes instead. Dialogs and menus give the
 * focus back themselves, a moment after they are gone, so they come first. */
export function useKeepFocus(to: () => HTMLElement | null): void {
  useEffect(() => {
    let held: Element | null = null;
    let waiting: ReturnType<typeof setTimeout> | undefined;
    let left = false;
    const remember = (event: FocusEvent) => {
      held = event.target instanceof Element ? event.target : null;
    };
    const rescue = () => {
      waiting = undefined;
      if (held === null || held.isConnected || document.activeElement !== document.body) return;
      const now = document.querySelector(leaving) !== null;
      if (now || left) {
        left = now; // it gives the focus back a moment after it is gone
        waiting = setTimeout(rescue, 50);
        return;
      }
      held = null;
      to()?.focus({ preventScroll: true });
    };
    const watch = new MutationObserver(() => {
      if (held !== null && !held.isConnected && document.activeElement === document.body) waiting ??= setTimeout(rescue, 50);
    });
    document.addEventListener('focusin', remember);
    watch.observe(document.body, { childList: true, subtree: true });
    return () => {
      document.removeEventListener('focusin', remember);
      watch.disconnect();
      clearTimeout(waiting);
    };
  }, [to]);
}
