import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { makeFormat, type Format } from './format';

export { agentName } from './agent';
export { makeFormat, type Basis, type Format } from './format';

/** The writing of figures in the language on screen. */
export function useFormat(): Format {
  const { t, i18n } = useTranslation('common');
  return useMemo(() => makeFormat(i18n.language, t), [i18n.language, t]);
}
