import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import type { Area } from './languages';

type Args = Readonly<Record<string, string | number>>;

/** Sentences for codes that come from Go. Answers undefined for a code that
 * has none, so that the caller can show something else instead of a key. */
export function useCodeWords(area: Area): (key: string, args?: Args) => string | undefined {
  const { i18n } = useTranslation(area);
  return useCallback((key, args) => (i18n.exists(key, { ns: area }) ? (i18n.t as (key: string, options: object) => string)(key, { ns: area, ...args }) : undefined), [i18n, area]);
}
