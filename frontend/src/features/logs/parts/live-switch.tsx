import { Pause, Radio } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { Tooltip } from '@/components/ui/tooltip';

export function LiveSwitch({ on, onChange }: { on: boolean; onChange: (on: boolean) => void }) {
  const { t } = useTranslation('logs');
  const Icon = on ? Radio : Pause;
  return (
    <Tooltip text={on ? t('liveOn') : t('liveOff')}>
      <Button aria-pressed={on} onClick={() => onChange(!on)} className={on ? 'border-accent bg-accent-soft hover:bg-accent-soft' : undefined}>
        <Icon size={16} strokeWidth={1.75} aria-hidden />
        {t('live')}
      </Button>
    </Tooltip>
  );
}
