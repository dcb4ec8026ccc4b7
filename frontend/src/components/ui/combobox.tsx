import { Command } from 'cmdk';
import { Check, ChevronDown } from 'lucide-react';
import { Popover as Radix } from 'radix-ui';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { cn } from './cn';
import { useField } from './field-context';

export interface ComboboxItem {
  value: string;
  label: string;
  /** Further words it can be found by. */
  keywords?: string[];
  /** Heading it stands under. */
  group?: string;
  /** What the row shows; the label by default. */
  row?: ReactNode;
}

interface ComboboxProps {
  label: string;
  value: string | null;
  onChange: (value: string) => void;
  items: readonly ComboboxItem[];
  placeholder?: string;
  /** What the closed box shows for the value. */
  shown?: ReactNode;
  /** Searching is done elsewhere: called with what is typed. */
  onSearch?: (text: string) => void;
  className?: string;
}

/** Choose one of many by typing. */
export function Combobox({ label, value, onChange, items, placeholder, shown, onSearch, className }: ComboboxProps) {
  const { t } = useTranslation('common');
  const field = useField();
  const [open, setOpen] = useState(false);
  const groups = [...new Set(items.map((item) => item.group ?? ''))];
  const chosen = items.find((item) => item.value === value);
  return (
    <Radix.Root open={open} onOpenChange={setOpen}>
      <Radix.Trigger
        id={field?.id}
        role="combobox"
        aria-expanded={open}
        aria-label={field ? undefined : label}
        aria-labelledby={field?.labelId}
        aria-describedby={field?.describedBy}
        className={cn('inline-flex min-h-control w-full items-center justify-between gap-2 rounded-control border border-border-strong bg-surface px-3 py-1 text-body hover:bg-hover', className)}
      >
        <span className={cn('min-w-0 truncate', chosen === undefined && shown === undefined && 'text-text-3')}>{shown ?? chosen?.label ?? placeholder ?? label}</span>
        <ChevronDown size={16} strokeWidth={1.75} aria-hidden />
      </Radix.Trigger>
      <Radix.Portal>
        <Radix.Content align="start" sideOffset={6} collisionPadding={8} aria-label={label} className="motion-pop z-pop w-[max(var(--radix-popover-trigger-width),280px)] max-w-[calc(100vw-16px)] rounded-card border border-border bg-surface shadow-pop focus:outline-none">
          <Command label={label} shouldFilter={onSearch === undefined} className="flex max-h-[min(60dvh,400px)] flex-col">
            <Command.Input autoFocus placeholder={t('search')} onValueChange={(text) => onSearch?.(text)} className="min-h-10 w-full rounded-t-card border-0 border-b border-border bg-transparent px-3 text-body focus-visible:outline-none" />
            <Command.List className="overflow-y-auto p-1">
              <Command.Empty className="px-3 py-6 text-center text-body text-text-2">{t('noMatch')}</Command.Empty>
              {groups.map((group) => (
                <Command.Group key={group} heading={group === '' ? undefined : group} className="text-caption text-text-3 [&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1">
                  {items
                    .filter((item) => (item.group ?? '') === group)
                    .map((item) => (
                      <Command.Item
                        key={item.value}
                        value={item.value}
                        keywords={[item.label, ...(item.keywords ?? [])]}
                        onSelect={() => {
                          onChange(item.value);
                          setOpen(false);
                        }}
                        className="flex min-h-8 items-center gap-2 rounded-control px-2 py-1 text-body text-text data-[selected=true]:bg-hover pointer-coarse:min-h-11"
                      >
                        <span className="min-w-0 grow">{item.row ?? item.label}</span>
                        {item.value === value && <Check size={14} aria-hidden />}
                      </Command.Item>
                    ))}
                </Command.Group>
              ))}
            </Command.List>
          </Command>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
