export type Lifetime = 'never' | 'keep' | 7 | 30 | 90 | 365;

/** What a key can be made to last; `keep` is what it has already. */
export const lifetimes = ['never', 7, 30, 90, 365] as const satisfies readonly Lifetime[];

/** A key as it is being described. */
export interface Draft {
  name: string;
  limited: boolean;
  models: readonly string[];
  lifetime: Lifetime;
}

export interface DraftFault {
  code: 'nameMissing' | 'nameTaken' | 'nameLong' | 'mayMissing';
  n: number;
}

/** Bytes that a name may have (backend/config maxLabel). */
const maxName = 200;

const bytes = (text: string) => new TextEncoder().encode(text).length;

export function checkKey(draft: Draft, taken: readonly string[]): { name?: DraftFault; models?: DraftFault } {
  const out: { name?: DraftFault; models?: DraftFault } = {};
  const name = draft.name.trim();
  if (name === '') out.name = { code: 'nameMissing', n: 0 };
  else if (bytes(name) > maxName) out.name = { code: 'nameLong', n: maxName };
  else if (taken.some((other) => other.toLowerCase() === name.toLowerCase())) out.name = { code: 'nameTaken', n: 0 };
  if (draft.limited && draft.models.length === 0) out.models = { code: 'mayMissing', n: 0 };
  return out;
}

/** The moment a lifetime ends, in the form Go reads; "" = never. */
export function expiryIn(lifetime: Lifetime, now: Date): string {
  if (lifetime === 'never' || lifetime === 'keep') return '';
  return new Date(now.getTime() + lifetime * 24 * 60 * 60 * 1000).toISOString();
}
