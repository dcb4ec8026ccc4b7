import { ChevronsUpDown, Circle, Copy, Layers } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { cn } from '@/components/ui/cn';
import { Menu, MenuChoice, MenuChoiceItem, MenuItem, MenuLabel, MenuLine, MenuLink } from '@/components/ui/menu';
import { toast } from '@/components/ui/toaster';
import { copyText } from '@/lib/platform';
import { useAct, useLink, useVerb } from '@/lib/query';

const row = 'flex min-h-9 w-full items-center gap-2.5 rounded-control border-0 bg-transparent px-3 text-body text-text transition-colors duration-fast hover:bg-hover pointer-coarse:min-h-11';

/** How the gateway is, in one word, and what can be done about it. */
export function GatewayStatus({ rail }: { rail: boolean }) {
  const { t } = useTranslation(['shell', 'common']);
  const { data } = useVerb('System.Status');
  const link = useLink();
  const state = link === 'lost' ? 'unreachable' : data === undefined ? 'connecting' : 'ready';
  const word = t(`gateway.${state}`);
  const port = data?.url === undefined ? '' : new URL(data.url).port;
  const tone = state === 'ready' ? 'text-ok' : state === 'connecting' ? 'text-off' : 'text-bad';
  const copy = async () => {
    if (data === undefined) return;
    try {
      await copyText(`${data.url.replace(/\/$/, '')}/v1`);
      toast.say(t('common:copied'));
    } catch {
      toast.say(t('common:copyFailed'));
    }
  };
  return (
    <Menu
      align="start"
      side="top"
      label={t('gateway.label')}
      trigger={
        <button type="button" className={cn(row, rail && 'justify-center px-0')}>
          <Circle size={10} fill="currentColor" strokeWidth={0} aria-hidden className={tone} />
          <span className={cn('min-w-0 grow truncate', rail && 'sr-only')}>{word}</span>
          {port !== '' && (
            <span dir="ltr" className={cn('figures text-small text-text-3', rail && 'sr-only')}>
              :{port}
            </span>
          )}
        </button>
      }
    >
      <MenuItem icon={<Copy size={16} strokeWidth={1.75} aria-hidden />} onSelect={() => void copy()}>
        {t('gateway.copy')}
      </MenuItem>
    </Menu>
  );
}

/** The active combo: two presses to change it, from anywhere. */
export function ComboSwitch({ rail }: { rail: boolean }) {
  const { t } = useTranslation('shell');
  const { data } = useVerb('Combos.List');
  const activate = useAct('Combos.Activate');
  const combos = data?.combos ?? [];
  const active = combos.find((combo) => combo.isActive);
  if (combos.length === 0) return null;
  const choose = (id: string) => {
    const next = combos.find((combo) => combo.id === id);
    if (!next || next.id === active?.id) return;
    activate.mutate(
      { id },
      {
        onSuccess: () => {
          const words = t('combo.now', { name: next.name });
          if (active) toast.undo(words, () => activate.mutateAsync({ id: active.id }));
          else toast.say(words);
        },
        onError: (error) => toast.say(error.message),
      },
    );
  };
  return (
    <Menu
      align="start"
      side="top"
      label={t('combo.switch')}
      trigger={
        <button type="button" className={cn(row, rail && 'justify-center px-0')}>
          <Layers size={16} strokeWidth={1.75} aria-hidden className="text-text-3" />
          <span className="sr-only">{t('combo.label')}: </span>
          <span className={cn('min-w-0 grow truncate', rail && 'sr-only')}>{active?.name ?? t('combo.none')}</span>
          {!rail && <ChevronsUpDown size={14} strokeWidth={1.75} aria-hidden className="text-text-3" />}
        </button>
      }
    >
      <MenuLabel>{t('combo.label')}</MenuLabel>
      <MenuChoice label={t('combo.switch')} value={active?.id ?? ''} onChange={choose}>
        {combos.map((combo) => (
          <MenuChoiceItem key={combo.id} value={combo.id}>
            {combo.name}
          </MenuChoiceItem>
        ))}
      </MenuChoice>
      <MenuLine />
      <MenuLink href="#/combos">{t('combo.all')}</MenuLink>
    </Menu>
  );
}
