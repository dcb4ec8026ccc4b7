import { Unplug } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useLink } from '@/lib/query';

/** The gateway does not answer: said above the page, which stays readable. */
export function Banner() {
  const { t } = useTranslation('shell');
  const link = useLink();
  if (link !== 'lost') return null;
  return (
    <p role="alert" className="m-0 flex items-start gap-2 bg-bad-soft px-gutter py-2.5 text-body text-text">
      <Unplug size={16} strokeWidth={1.75} aria-hidden className="mt-0.5 text-bad" />
      {t('banner.unreachable')}
    </p>
  );
}
