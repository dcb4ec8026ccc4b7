import { CirclePause, Unplug } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { useGateway } from './use-gateway';

/** The gateway does not answer, or is paused: said above the page, which stays
 * readable. */
export function Banner() {
  const { t } = useTranslation('shell');
  const { state, resume } = useGateway();
  if (state === 'unreachable') {
    return (
      <p role="alert" className="m-0 flex items-start gap-2 bg-bad-soft px-gutter py-2.5 text-body text-text">
        <Unplug size={16} strokeWidth={1.75} aria-hidden className="mt-0.5 text-bad" />
        {t('banner.unreachable')}
      </p>
    );
  }
  if (state !== 'paused') return null;
  return (
    <div role="status" className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-border bg-off-soft px-gutter py-2 text-body text-text">
      <CirclePause size={16} strokeWidth={1.75} aria-hidden className="text-off" />
      <span className="min-w-0 flex-[1_1_16rem]">{t('banner.paused')}</span>
      <Button size="sm" onClick={resume}>
        {t('gateway.resume')}
      </Button>
    </div>
  );
}
