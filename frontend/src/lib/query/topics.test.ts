import { describe, expect, it } from 'vitest';
import { roads } from '@/lib/api/gen';
import { isStale, staleBy } from './topics';

describe('what an event makes stale', () => {
  it('names only verbs and services that exist', () => {
    const verbs = Object.keys(roads);
    for (const [topic, names] of Object.entries(staleBy)) {
      for (const name of names) {
        expect(verbs.some((verb) => (name.endsWith('.') ? verb.startsWith(name) : verb === name)), `${topic}: ${name}`).toBe(true);
      }
    }
  });

  it('is all of a service or one verb', () => {
    expect(isStale('config', 'Combos.List')).toBe(true);
    expect(isStale('request', 'Logs.Calls')).toBe(true);
    expect(isStale('request', 'Combos.List')).toBe(false);
    expect(isStale('gateway', 'System.Status')).toBe(true);
    expect(isStale('hello', 'System.Status')).toBe(false);
  });
});
