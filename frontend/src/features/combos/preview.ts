import { useDeferredValue } from 'react';
import { useVerb } from '@/lib/query';

/** What a request would do with these steps now. Every part of the editor that
 * asks shares one answer. */
export function usePreview(models: readonly string[], name: string | undefined) {
  const asked = useDeferredValue(models.join('\n'));
  const list = asked === '' ? [] : asked.split('\n');
  return useVerb('Combos.Preview', { models: list, ...(name === undefined ? {} : { name }) }, { keep: true, enabled: list.length > 0 });
}
