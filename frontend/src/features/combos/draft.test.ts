import { describe, expect, it } from 'vitest';
import type { Combo } from '@/lib/api';
import { checkName, checkSteps, countChanges, draftOf, freeName, withStep } from './draft';
import { nextChange } from './preview';

const combo = (name: string, models: Combo['models']): Combo => ({ id: name, name, models, strategy: 'priority', config: {}, isActive: false, createdAt: '', updatedAt: '' });

describe('counting changes', () => {
  const base = combo('a', ['x/1', 'x/2', 'x/3']);
  const changed = (name: string, models: Combo['models']) => countChanges(base, draftOf(combo(name, models)));
  it('says what a person changed', () => {
    expect(changed('a', ['x/1', 'x/2', 'x/3'])).toBe(0);
    expect(changed('b', ['x/1', 'x/2', 'x/3'])).toBe(1);
    expect(changed('a', ['x/2', 'x/1', 'x/3'])).toBe(1);
    expect(changed('a', ['x/1', 'x/2'])).toBe(1);
    expect(changed('a', ['x/1', 'x/2', 'x/3', 'x/4'])).toBe(1);
    expect(changed('a', ['x/4', 'x/2', 'x/1'])).toBe(3);
  });
  it('counts a model that stands twice', () => {
    expect(changed('a', ['x/1', 'x/1', 'x/2', 'x/3'])).toBe(1);
  });
  it('takes a new combo that holds nothing as unchanged', () => {
    expect(countChanges(null, { name: '', steps: [] })).toBe(0);
    expect(countChanges(null, { name: 'half', steps: [] })).toBe(0);
  });
});

describe('names', () => {
  it('are what the gateway accepts', () => {
    expect(checkName('team/fast.v2_a-b', [])).toBeNull();
    expect(checkName(' ', [])).toEqual({ code: 'missing' });
    expect(checkName('auto', [])).toEqual({ code: 'auto' });
    expect(checkName('ça va', [])).toEqual({ code: 'invalid' });
    expect(checkName('a'.repeat(101), [])).toEqual({ code: 'long', n: 100 });
    expect(checkName('a', ['a'])).toEqual({ code: 'taken' });
  });
  it('are numbered until one is free', () => {
    expect(freeName('a', ['a', 'a-2'])).toBe('a-3');
    expect(freeName('b', ['a'])).toBe('b');
  });
});

describe('steps', () => {
  const all = [combo('one', ['two']), combo('two', ['three']), combo('three', ['x/1']), combo('back', ['mine'])];
  it('lead neither back nor too deep', () => {
    expect(checkSteps(['x/1'], ['mine'], all)).toBeNull();
    expect(checkSteps([], ['mine'], all)?.code).toBe('missing');
    expect(checkSteps(['mine'], ['mine'], all)?.code).toBe('loop');
    expect(checkSteps(['x/1', 'back'], ['mine'], all)).toEqual({ code: 'loop', name: 'back', n: 3 });
    expect(checkSteps(['two'], ['mine'], all)).toBeNull();
    expect(checkSteps(['one'], ['mine'], all)?.code).toBe('deep');
  });
  it('keep their own keys, whatever is added', () => {
    let steps = draftOf(combo('a', ['x/1'])).steps;
    for (const model of ['x/1', 'x/2', 'x/1']) steps = withStep(steps, model);
    expect(new Set(steps.map((step) => step.key)).size).toBe(4);
  });
});

describe('the preview', () => {
  const rest = (until?: string) => ({ step: 0, model: 'm', target: 'm', account: '', accountName: '', verdict: 'skipped' as const, code: 'cooldown', args: until === undefined ? ({} as Record<string, string>) : { until }, estMicros: null, priceBasis: 'unknown' as const });
  const now = Date.parse('2026-11-25T12:00:00Z');
  it('is asked again when the first rest ends, and not for what ended or is far away', () => {
    const of = (...times: (string | undefined)[]) => nextChange({ rows: times.map(rest), tokensIn: 1, tokensOut: 1 }, now);
    expect(of(undefined)).toBeNull();
    expect(of('2026-11-25T12:05:00Z', '2026-11-25T12:01:00Z')).toBe(Date.parse('2026-11-25T12:01:00Z'));
    expect(of('2026-11-25T11:59:00Z', '2026-11-26T12:00:00Z')).toBeNull();
  });
});
