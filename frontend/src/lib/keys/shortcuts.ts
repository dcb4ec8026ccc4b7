import { useEffect, useRef } from 'react';

export interface Shortcuts {
  /** Ctrl/Cmd+K */
  palette: () => void;
  /** Ctrl/Cmd+, */
  settings: () => void;
  /** ? */
  help: () => void;
  /** Ctrl/Cmd+Z outside of text; true = something was undone */
  undo: () => boolean;
  /** g, then a letter; false = no page has it */
  go: (letter: string) => boolean;
  /** Single letters can be switched off (WCAG 2.1.4). */
  singleKeys: boolean;
}

const gTime = 1_500;

function inText(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** True while a dialog, menu or list has the keyboard. */
function inOverlay(): boolean {
  return document.querySelector('[role="dialog"][data-state="open"], [role="alertdialog"][data-state="open"], [role="menu"][data-state="open"], [role="listbox"][data-state="open"]') !== null;
}

/** The keyboard map of the whole app (dashboard 1.11). */
export function useShortcuts(shortcuts: Shortcuts): void {
  const latest = useRef(shortcuts);
  useEffect(() => {
    latest.current = shortcuts;
  });
  useEffect(() => {
    let gAt = 0;
    const press = (event: KeyboardEvent) => {
      const on = latest.current;
      if (event.defaultPrevented || event.isComposing) return;
      const command = (event.ctrlKey || event.metaKey) && !event.altKey;
      if (command) {
        const key = event.key.toLowerCase();
        if (key === 'k' && !event.shiftKey) on.palette();
        else if (key === ',') on.settings();
        else if (key === 'z' && !event.shiftKey && !inText(event.target) && on.undo()) {
          // undone
        } else return;
        event.preventDefault();
        return;
      }
      if (event.altKey || event.ctrlKey || event.metaKey || !on.singleKeys || inText(event.target) || inOverlay()) return;
      if (Date.now() - gAt < gTime) {
        gAt = 0;
        if (on.go(event.key.toLowerCase())) event.preventDefault();
        return;
      }
      if (event.key === 'g') gAt = Date.now();
      else if (event.key === '?') {
        event.preventDefault();
        on.help();
      } else if (event.key === '/') {
        const search = document.querySelector<HTMLInputElement>('[data-page-search]');
        if (search) {
          event.preventDefault();
          search.focus();
          search.select();
        }
      }
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, []);
}
