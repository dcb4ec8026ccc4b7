// Theme and density are on the document element; early.js sets them before the
// first paint from what is stored here.
import { useSyncExternalStore } from 'react';

export type Theme = 'system' | 'light' | 'dark';
export type Density = 'comfortable' | 'compact';

export const themes: readonly Theme[] = ['system', 'light', 'dark'];
export const densities: readonly Density[] = ['comfortable', 'compact'];

export const isTheme = (value: string): value is Theme => (themes as readonly string[]).includes(value);
export const isDensity = (value: string): value is Density => (densities as readonly string[]).includes(value);

const listeners = new Set<() => void>();

function keep(name: string, value: string): void {
  try {
    window.localStorage.setItem(`omniroute.${name}`, value);
  } catch {
    // Then the page starts in the system's look and changes a moment later.
  }
  listeners.forEach((tell) => tell());
}

export function setTheme(theme: Theme): void {
  const root = document.documentElement;
  if (theme === 'system') delete root.dataset['theme'];
  else root.dataset['theme'] = theme;
  keep('theme', theme);
}

export function setDensity(density: Density): void {
  const root = document.documentElement;
  if (density === 'compact') root.dataset['density'] = density;
  else delete root.dataset['density'];
  keep('density', density);
}

const themeNow = (): Theme => {
  const set = document.documentElement.dataset['theme'] ?? '';
  return isTheme(set) ? set : 'system';
};
const densityNow = (): Density => (document.documentElement.dataset['density'] === 'compact' ? 'compact' : 'comfortable');

function listen(tell: () => void): () => void {
  listeners.add(tell);
  return () => listeners.delete(tell);
}

export function useTheme(): Theme {
  return useSyncExternalStore(listen, themeNow);
}

export function useDensity(): Density {
  return useSyncExternalStore(listen, densityNow);
}
