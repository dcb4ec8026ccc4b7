const stored = 'omniroute.setup';

/** Where the first-run setup was left, or `done`. Kept in the browser, so that
 * it can be resumed; whether it is over at all is a setting. */
export const setupStep = {
  read(): string | null {
    try {
      return window.localStorage.getItem(stored);
    } catch {
      return null;
    }
  },
  write(step: string): void {
    try {
      window.localStorage.setItem(stored, step);
    } catch {
      // Then it begins at the first step next time.
    }
  },
};
