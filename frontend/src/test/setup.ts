import { cleanup, configure } from '@testing-library/react';
import { afterEach, beforeAll, vi } from 'vitest';
import { startWords } from '@/lib/i18n';

// What jsdom lacks and components ask for.
function fillGaps(): void {
  vi.stubGlobal('matchMedia', (query: string) => ({ matches: false, media: query, addEventListener: () => undefined, removeEventListener: () => undefined }));
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe(): void {}
      unobserve(): void {}
      disconnect(): void {}
    },
  );
  Element.prototype.scrollIntoView = () => undefined;
  Element.prototype.hasPointerCapture = () => false;
  Element.prototype.setPointerCapture = () => undefined;
  Element.prototype.releasePointerCapture = () => undefined;
  window.scrollTo = () => undefined;
}

const inPage = typeof window !== 'undefined';

// Waiting ends when what is waited for is there; a busy machine needs longer.
configure({ asyncUtilTimeout: 10_000 });

beforeAll(async () => {
  if (!inPage) return;
  fillGaps();
  await startWords('en');
});

afterEach(() => {
  if (!inPage) return;
  cleanup();
  window.localStorage.clear();
  window.sessionStorage.clear();
});
