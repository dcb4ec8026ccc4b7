import { Fragment } from 'react';
import { useTranslation } from 'react-i18next';
import { Dialog } from '@/components/ui/overlay';
import { Kbd } from '@/components/ui/text';
import { isApple } from '@/lib/platform';
import type { NavPage } from './nav';

/** Every shortcut there is. */
export function KeyboardHelp({ open, onOpenChange, pages, singleKeys }: { open: boolean; onOpenChange: (open: boolean) => void; pages: readonly NavPage[]; singleKeys: boolean }) {
  const { t } = useTranslation('shell');
  const command = isApple() ? '⌘' : 'Ctrl';
  const rows: [string[], string][] = [
    [[command, 'K'], t('palette.open')],
    [[command, ','], t('page.settings')],
    [[command, 'Z'], t('keyboard.undo')],
    [['Alt', '↑ ↓'], t('keyboard.move')],
    [['F6'], t('keyboard.toasts')],
  ];
  const single: [string[], string][] = [
    [['/'], t('keyboard.search')],
    [['?'], t('me.keyboard')],
    [['↑ ↓', 'Enter', 'Esc'], t('keyboard.list')],
    ...pages.filter((page) => page.key !== undefined && page.nav).map((page): [string[], string] => [['g', page.key ?? ''], t(page.title)]),
  ];
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={t('me.keyboard')} size="sm" {...(singleKeys ? {} : { text: t('keyboard.singleOff') })}>
      <dl className="m-0 grid grid-cols-[1fr_auto] items-center gap-x-4 gap-y-2">
        {[...rows, ...(singleKeys ? single : [])].map(([keys, words]) => (
          <Fragment key={keys.join(' ')}>
            <dt className="min-w-0">{words}</dt>
            <dd className="m-0 flex items-center justify-end gap-1">
              {keys.map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </dd>
          </Fragment>
        ))}
      </dl>
    </Dialog>
  );
}
