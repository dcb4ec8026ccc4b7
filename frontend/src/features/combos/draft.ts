import type { Combo } from '@/lib/api';

/** A step as Go writes it: a name, or a name with the weight that another
 * strategy gave it. What this page does not show it keeps. */
export type Written = Combo['models'][number];

/** A step on the page. `key` is stable while steps move. */
export interface Step {
  key: string;
  written: Written;
}

export interface Draft {
  name: string;
  steps: readonly Step[];
}

export function modelOf(written: Written): string {
  return typeof written === 'string' ? written : written.model;
}

const sameStep = (a: Written, b: Written) => modelOf(a) === modelOf(b);

export function draftOf(combo: Combo | null): Draft {
  return { name: combo?.name ?? '', steps: stepsOf(combo?.models ?? []) };
}

export function stepsOf(models: readonly Written[]): Step[] {
  return models.map((written, i) => ({ key: `${i}:${modelOf(written)}`, written }));
}

/** Keys are unique even when a model stands twice. */
export function withStep(steps: readonly Step[], model: string): Step[] {
  let n = steps.length;
  const keys = new Set(steps.map((step) => step.key));
  while (keys.has(`${n}:${model}`)) n++;
  return [...steps, { key: `${n}:${model}`, written: model }];
}

/** What of a list is also in the other, in the list's order; a model that
 * stands twice counts twice. */
function common(list: readonly string[], other: readonly string[]): string[] {
  const left = [...other];
  return list.filter((model) => {
    const at = left.indexOf(model);
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}

/** How many things differ from what is saved: the name, each added or removed
 * step, and the order once. */
export function countChanges(base: Combo | null, draft: Draft): number {
  const before = (base?.models ?? []).map(modelOf);
  const after = draft.steps.map((step) => modelOf(step.written));
  const stayed = common(after, before);
  const added = after.length - stayed.length;
  const removed = before.length - stayed.length;
  const moved = common(before, after).join('\n') !== stayed.join('\n');
  const named = base === null ? draft.name.trim() !== '' && after.length > 0 : draft.name.trim() !== base.name;
  return (named ? 1 : 0) + added + removed + (moved ? 1 : 0);
}

export function sameCombo(a: Combo, b: Combo): boolean {
  return a.name === b.name && a.models.length === b.models.length && a.models.every((step, i) => sameStep(step, b.models[i] ?? ''));
}

export type NameFault = { code: 'missing' | 'taken' | 'auto' | 'invalid' } | { code: 'long'; n: number };

/** Bytes that a combo's name may have (backend/config MaxName). */
const maxName = 100;

export function checkName(name: string, taken: readonly string[]): NameFault | null {
  const trimmed = name.trim();
  if (trimmed === '') return { code: 'missing' };
  if (trimmed === 'auto') return { code: 'auto' };
  if (!/^[A-Za-z0-9._/-]+$/.test(trimmed)) return { code: 'invalid' };
  if (trimmed.length > maxName) return { code: 'long', n: maxName };
  return taken.includes(trimmed) ? { code: 'taken' } : null;
}

/** A name that is still free: base, base-2, base-3 … */
export function freeName(base: string, taken: readonly string[]): string {
  if (!taken.includes(base)) return base;
  for (let n = 2; ; n++) {
    const name = `${base}-${n}`;
    if (!taken.includes(name)) return name;
  }
}

export interface StepsFault {
  code: 'missing' | 'loop' | 'deep';
  name: string;
  n: number;
}

/** Levels that combos may be nested (backend/config MaxDepth). */
const maxDepth = 3;

/** Finds what the gateway would refuse: no step, a way back to this combo, or
 * too many levels. `names` are the names this combo goes by. */
export function checkSteps(models: readonly string[], names: readonly string[], combos: readonly Combo[]): StepsFault | null {
  if (models.length === 0) return { code: 'missing', name: '', n: 0 };
  const byName = new Map(combos.map((combo) => [combo.name, combo.models.map(modelOf)]));
  const walk = (name: string, depth: number): 'loop' | 'deep' | null => {
    if (names.includes(name)) return 'loop';
    const inside = byName.get(name);
    if (inside === undefined) return null;
    if (depth > maxDepth) return 'deep';
    for (const next of inside) {
      const found = walk(next, depth + 1);
      if (found !== null) return found;
    }
    return null;
  };
  for (const model of models) {
    const code = walk(model, 2);
    if (code !== null) return { code, name: model, n: maxDepth };
  }
  return null;
}
