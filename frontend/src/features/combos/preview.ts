import { useDeferredValue, useEffect } from 'react';
import type { Preview } from '@/lib/api';
import { useVerb } from '@/lib/query';
import type { Written } from './draft';

/** A rest that ends is no event; later ones are not waited for. */
const longest = 6 * 60 * 60 * 1000;

/** When the first rest in a preview ends; null = none does soon. */
export function nextChange(preview: Preview | undefined, now: number): number | null {
  const times = (preview?.rows ?? []).map((row) => Date.parse(row.args['until'] ?? '')).filter((time) => time > now && time - now < longest);
  return times.length === 0 ? null : Math.min(...times);
}

/** What a request would do with these steps now. Everybody who asks about the
 * same steps shares one answer; it is asked again when a rest ends. */
export function usePreview(models: readonly Written[], name: string | undefined) {
  const asked = useDeferredValue(JSON.stringify(models));
  const list = JSON.parse(asked) as Written[];
  const preview = useVerb('Combos.Preview', { models: list, ...(name === undefined ? {} : { name }) }, { keep: true, enabled: list.length > 0 });
  const { data, refetch } = preview;
  useEffect(() => {
    const at = nextChange(data, Date.now());
    if (at === null) return undefined;
    const timer = setTimeout(() => void refetch(), at - Date.now() + 1_000);
    return () => clearTimeout(timer);
  }, [data, refetch]);
  return preview;
}
