import { Check, ChevronDown } from 'lucide-react';
import { Checkbox as RadixCheckbox, Select as RadixSelect, Switch as RadixSwitch, ToggleGroup as RadixToggle } from 'radix-ui';
import type { ReactNode } from 'react';
import { cn } from './cn';
import { useField } from './field-context';

export interface Option<V extends string = string> {
  value: V;
  label: string;
  hint?: string;
}

interface ToggleGroupProps<V extends string> {
  label: string;
  value: V;
  onChange: (value: V) => void;
  options: readonly Option<V>[];
  className?: string;
}

/** Two to four choices, all visible. One is always chosen. */
export function ToggleGroup<V extends string>({ label, value, onChange, options, className }: ToggleGroupProps<V>) {
  return (
    <RadixToggle.Root
      type="single"
      value={value}
      onValueChange={(next) => next !== '' && onChange(next as V)}
      aria-label={label}
      className={cn('inline-flex max-w-full flex-wrap self-start rounded-control border border-border-strong bg-surface p-0.5', className)}
    >
      {options.map((option) => (
        <RadixToggle.Item
          key={option.value}
          value={option.value}
          className="min-h-7 rounded-[4px] border-0 bg-transparent px-3 text-body text-text-2 transition-colors duration-fast hover:bg-hover hover:text-text data-[state=on]:bg-accent-soft data-[state=on]:font-medium data-[state=on]:text-text pointer-coarse:min-h-11"
        >
          {option.label}
        </RadixToggle.Item>
      ))}
    </RadixToggle.Root>
  );
}

/** An open list hides the page from screen readers; what is hidden must not
 * take the focus either. */
function alone(list: HTMLElement | null) {
  if (!list) return undefined;
  const others = [...document.body.children].filter((one): one is HTMLElement => one instanceof HTMLElement && !one.contains(list) && !one.inert);
  for (const one of others) one.inert = true;
  return () => {
    for (const one of others) one.inert = false;
  };
}

interface SelectProps<V extends string> {
  /** Needed outside a Field. */
  label?: string;
  value: V;
  onChange: (value: V) => void;
  options: readonly Option<V>[];
  disabled?: boolean;
  className?: string;
}

/** One of a short fixed list. Long or searched lists are a Combobox. */
export function Select<V extends string>({ label, value, onChange, options, disabled, className }: SelectProps<V>) {
  const field = useField();
  const chosen = options.find((option) => option.value === value);
  return (
    <RadixSelect.Root value={value} onValueChange={(next) => onChange(next as V)} disabled={disabled ?? field?.disabled ?? false}>
      <RadixSelect.Trigger
        id={field?.id}
        aria-label={field ? undefined : label}
        aria-labelledby={field?.labelId}
        aria-describedby={field?.describedBy}
        className={cn(
          'inline-flex min-h-control max-w-full items-center justify-between gap-2 rounded-control border border-border-strong bg-surface px-3 py-1 text-body transition-colors duration-fast hover:bg-hover data-[disabled]:border-border data-[disabled]:bg-sunken data-[disabled]:text-text-3',
          className,
        )}
      >
        <span className="min-w-0 truncate">
          <RadixSelect.Value>{chosen?.label ?? value}</RadixSelect.Value>
        </span>
        <RadixSelect.Icon>
          <ChevronDown size={16} strokeWidth={1.75} aria-hidden />
        </RadixSelect.Icon>
      </RadixSelect.Trigger>
      <RadixSelect.Portal>
        <RadixSelect.Content ref={alone} position="popper" sideOffset={6} collisionPadding={8} className="motion-pop z-pop max-h-[min(70dvh,400px)] min-w-[var(--radix-select-trigger-width)] max-w-96 overflow-hidden rounded-card border border-border bg-surface shadow-pop">
          <RadixSelect.Viewport className="p-1">
            {options.map((option) => (
              <RadixSelect.Item
                key={option.value}
                value={option.value}
                className="relative flex min-h-8 cursor-default select-none flex-col justify-center rounded-control py-1 ps-7 pe-3 text-body outline-none data-[highlighted]:bg-hover pointer-coarse:min-h-11"
              >
                <RadixSelect.ItemIndicator className="absolute start-2 top-2">
                  <Check size={14} aria-hidden />
                </RadixSelect.ItemIndicator>
                <RadixSelect.ItemText>
                  {option.label}
                  {option.hint !== undefined && <span className="block text-small text-text-2">{option.hint}</span>}
                </RadixSelect.ItemText>
              </RadixSelect.Item>
            ))}
          </RadixSelect.Viewport>
        </RadixSelect.Content>
      </RadixSelect.Portal>
    </RadixSelect.Root>
  );
}

interface TickProps {
  checked: boolean;
  onChange: (checked: boolean) => void;
  /** Needed outside a Field. */
  label?: string | undefined;
  disabled?: boolean;
}

/** On or off, at once. */
export function Switch({ checked, onChange, label, disabled }: TickProps) {
  const field = useField();
  const off = disabled ?? field?.disabled ?? false;
  return (
    <RadixSwitch.Root
      id={field?.id}
      checked={checked}
      disabled={off}
      onCheckedChange={onChange}
      aria-label={field ? undefined : label}
      aria-labelledby={field?.labelId}
      aria-describedby={field?.describedBy}
      className="relative inline-flex h-6 w-10 shrink-0 items-center rounded-full border border-border-strong bg-sunken p-0 transition-colors duration-fast data-[state=checked]:border-accent data-[state=checked]:bg-accent data-[disabled]:border-border data-[disabled]:bg-sunken pointer-coarse:my-2.5"
    >
      <RadixSwitch.Thumb className="block size-4 translate-x-[3px] rounded-full bg-border-strong transition-transform duration-fast data-[state=checked]:translate-x-[19px] data-[state=checked]:bg-on-accent data-[disabled]:bg-text-3 rtl:-translate-x-[3px] rtl:data-[state=checked]:-translate-x-[19px]" />
    </RadixSwitch.Root>
  );
}

/** One of many that are sent together. */
export function Checkbox({ checked, onChange, label, disabled, children }: TickProps & { children?: ReactNode }) {
  const box = (
    <RadixCheckbox.Root
      checked={checked}
      disabled={disabled ?? false}
      onCheckedChange={(next) => onChange(next === true)}
      aria-label={children === undefined ? label : undefined}
      className="grid size-5 shrink-0 place-items-center rounded-[4px] border border-border-strong bg-surface p-0 text-on-accent data-[state=checked]:border-accent data-[state=checked]:bg-accent data-[disabled]:bg-sunken"
    >
      <RadixCheckbox.Indicator>
        <Check size={14} strokeWidth={2.5} aria-hidden />
      </RadixCheckbox.Indicator>
    </RadixCheckbox.Root>
  );
  if (children === undefined) return box;
  return (
    <label className="flex min-h-control items-center gap-2">
      {box}
      <span className="min-w-0">{children}</span>
    </label>
  );
}
