import { ChevronsUpDown, CircleCheck, CirclePause, CircleX, Copy, Layers, LoaderCircle, Pause, Play, TriangleAlert, Unplug, type LucideIcon } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { cn } from '@/components/ui/cn';
import { Menu, MenuItem, MenuLine } from '@/components/ui/menu';
import { useFormat } from '@/lib/format';
import { ComboMenu } from './combo-menu';
import { useGateway, type GatewayState } from './use-gateway';

const row = 'flex min-h-9 w-full items-center gap-2.5 rounded-control border-0 bg-transparent px-3 text-body text-text transition-colors duration-fast hover:bg-hover pointer-coarse:min-h-11';

const looks: Record<GatewayState, [icon: LucideIcon, tone: string]> = {
  ready: [CircleCheck, 'text-ok'],
  attention: [TriangleAlert, 'text-warn'],
  broken: [CircleX, 'text-bad'],
  paused: [CirclePause, 'text-off'],
  connecting: [LoaderCircle, 'text-off'],
  unreachable: [Unplug, 'text-bad'],
};

const minutes = [15, 60];

/** How the gateway is, in one word, and what can be done about it. */
export function GatewayStatus({ rail }: { rail: boolean }) {
  const { t } = useTranslation('shell');
  const format = useFormat();
  const { state, status, copy, pause, resume } = useGateway();
  const [Icon, tone] = looks[state];
  const word = state === 'paused' && status?.pausedUntil !== undefined ? t('gateway.pausedUntil', { time: format.until(status.pausedUntil) }) : t(`gateway.${state}`);
  const icon = (Of: LucideIcon) => <Of size={16} strokeWidth={1.75} aria-hidden />;
  return (
    <Menu
      align="start"
      side="top"
      label={t('gateway.label')}
      trigger={
        <button type="button" className={cn(row, rail && 'justify-center px-0')}>
          <Icon size={16} strokeWidth={1.75} aria-hidden className={tone} />
          <span className="sr-only">{t('gateway.label')}: </span>
          <span className={cn('min-w-0 grow truncate', rail && 'sr-only')}>{word}</span>
          {status !== undefined && (
            <span dir="ltr" className={cn('figures text-small text-text-3', rail && 'sr-only')}>
              :{status.port}
            </span>
          )}
        </button>
      }
    >
      <MenuItem icon={icon(Copy)} onSelect={copy}>
        {t('gateway.copy')}
      </MenuItem>
      <MenuLine />
      {state === 'paused' ? (
        <MenuItem icon={icon(Play)} onSelect={resume}>
          {t('gateway.resume')}
        </MenuItem>
      ) : (
        <>
          {minutes.map((n) => (
            <MenuItem key={n} icon={icon(Pause)} onSelect={() => pause(n)}>
              {t('gateway.pauseFor', { time: format.duration(n * 60_000) })}
            </MenuItem>
          ))}
          <MenuItem icon={icon(Pause)} onSelect={() => pause(0)}>
            {t('gateway.pauseOpen')}
          </MenuItem>
        </>
      )}
    </Menu>
  );
}

/** The active combo: two presses to change it, from anywhere. */
export function ComboSwitch({ rail }: { rail: boolean }) {
  const { t } = useTranslation('shell');
  const { status } = useGateway();
  if (status === undefined || status.combos === 0) return null;
  return (
    <ComboMenu
      side="top"
      align="start"
      trigger={
        <button type="button" className={cn(row, rail && 'justify-center px-0')}>
          <Layers size={16} strokeWidth={1.75} aria-hidden className="text-text-3" />
          <span className="sr-only">{t('combo.label')}: </span>
          <span className={cn('min-w-0 grow truncate', rail && 'sr-only')}>{status.activeCombo === '' ? t('combo.none') : status.activeCombo}</span>
          {!rail && <ChevronsUpDown size={14} strokeWidth={1.75} aria-hidden className="text-text-3" />}
        </button>
      }
    />
  );
}
