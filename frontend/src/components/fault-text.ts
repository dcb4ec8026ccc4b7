import { useTranslation } from 'react-i18next';
import { useTroubleWords, type Trouble } from './ui/states';

/** One line about what went wrong, for places that have only one. The
 * gateway's own sentence is the most telling one but is English; in other
 * languages the kind of trouble comes first. */
export function useFaultText(): (fault: Trouble) => string {
  const { i18n } = useTranslation();
  const words = useTroubleWords();
  return (fault) => {
    if (fault.message === '') return words(fault);
    return i18n.language === 'en' ? fault.message : `${words(fault)} ${fault.message}`;
  };
}
