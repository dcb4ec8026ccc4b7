import { Command } from 'cmdk';
import { Dialog as Radix } from 'radix-ui';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useReturnFocus } from '@/components/ui/return-focus';
import { Kbd } from '@/components/ui/text';
import type { PaletteEntry } from './palette-entries';
import { usePaletteEntries } from './palette-entries';
import type { NavPage } from './nav';

interface PaletteProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  pages: readonly NavPage[];
  onHelp: () => void;
}

/** Jump anywhere, do anything, in the current language or in English. */
export function Palette({ open, onOpenChange, pages, onHelp }: PaletteProps) {
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="motion-scrim fixed inset-0 z-overlay bg-scrim" />
        <Body pages={pages} onHelp={onHelp} onDone={() => onOpenChange(false)} />
      </Radix.Portal>
    </Radix.Root>
  );
}

function Body({ pages, onHelp, onDone }: { pages: readonly NavPage[]; onHelp: () => void; onDone: () => void }) {
  const { t } = useTranslation(['shell', 'common']);
  const focus = useReturnFocus();
  const [typed, setTyped] = useState('');
  const groups = usePaletteEntries(pages, onHelp);
  const run = (entry: PaletteEntry) => {
    onDone();
    entry.run();
  };
  return (
    <Radix.Content
      {...focus}
      aria-describedby={undefined}
      className="motion-pop fixed inset-x-2 top-2 z-overlay mx-auto flex max-h-[min(480px,80dvh)] max-w-form flex-col overflow-hidden rounded-dialog border border-border bg-surface shadow-dialog focus:outline-none sm:top-[12vh]"
    >
      <Radix.Title className="sr-only">{t('palette.title')}</Radix.Title>
      <Command label={t('palette.title')} loop className="flex min-h-0 flex-col">
        <Command.Input autoFocus value={typed} onValueChange={setTyped} placeholder={t('search')} className="min-h-12 w-full shrink-0 border-0 border-b border-border bg-transparent px-4 text-body text-text focus-visible:outline-none" />
        <Command.List className="min-h-0 overflow-y-auto p-1">
          <Command.Empty className="px-3 py-8 text-center text-body text-text-2">{t('common:noMatch')}</Command.Empty>
          {groups.map((group) => (
            <Command.Group key={group.heading} heading={group.heading} className="[&_[cmdk-group-heading]]:px-3 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-caption [&_[cmdk-group-heading]]:font-medium [&_[cmdk-group-heading]]:text-text-3">
              {group.entries.map((entry) => (
                <Command.Item key={entry.id} value={entry.id} keywords={[entry.label, ...entry.keywords]} onSelect={() => run(entry)} className="flex min-h-9 items-center gap-3 rounded-control px-3 text-body text-text data-[selected=true]:bg-hover pointer-coarse:min-h-11">
                  <entry.icon size={16} strokeWidth={1.75} aria-hidden className="text-text-3" />
                  <span className="min-w-0 grow truncate">{entry.label}</span>
                  {entry.hint !== undefined && <Kbd>{entry.hint}</Kbd>}
                </Command.Item>
              ))}
            </Command.Group>
          ))}
        </Command.List>
      </Command>
    </Radix.Content>
  );
}
