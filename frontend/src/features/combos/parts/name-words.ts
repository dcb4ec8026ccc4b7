import { useTranslation } from 'react-i18next';
import type { NameFault } from '../draft';

export function useNameWords(): (fault: NameFault) => string {
  const { t } = useTranslation('combos');
  return (fault) => t(`name.${fault.code}`, { n: fault.code === 'long' ? fault.n : 0 });
}
