import { Check, Circle } from 'lucide-react';
import { DropdownMenu as Radix } from 'radix-ui';
import type { ComponentProps, PointerEvent, ReactNode } from 'react';
import { cn } from './cn';

const item =
  'relative flex min-h-8 cursor-default select-none items-center gap-2 rounded-control px-2 py-1 text-body text-text no-underline outline-none data-[disabled]:text-text-3 data-[highlighted]:bg-hover pointer-coarse:min-h-11';

/** A closing menu takes the focus when the pointer leaves its entry, away from
 * the dialog that the entry opened. */
function leave(event: PointerEvent): void {
  if (event.currentTarget.closest('[role="menu"]')?.getAttribute('data-state') === 'closed') event.preventDefault();
}

interface MenuProps {
  trigger: ReactNode;
  children: ReactNode;
  align?: 'start' | 'center' | 'end';
  side?: 'top' | 'bottom';
  label?: string;
  className?: string;
  onOpenChange?: (open: boolean) => void;
}

/** A menu of actions or choices. `trigger` is a Button or IconButton. */
export function Menu({ trigger, children, align = 'end', side = 'bottom', label, className, onOpenChange }: MenuProps) {
  return (
    <Radix.Root modal={false} {...(onOpenChange ? { onOpenChange } : {})}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          align={align}
          side={side}
          sideOffset={6}
          collisionPadding={8}
          loop
          {...(label === undefined ? {} : { 'aria-label': label })}
          className={cn('motion-pop z-pop max-h-[min(var(--radix-dropdown-menu-content-available-height),640px)] min-w-44 max-w-80 overflow-y-auto rounded-card border border-border bg-surface p-1 shadow-pop', className)}
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

interface MenuItemProps extends Omit<ComponentProps<typeof Radix.Item>, 'children'> {
  icon?: ReactNode;
  /** Shortcut or figure at the end. */
  hint?: ReactNode;
  danger?: boolean;
  children: ReactNode;
}

export function MenuItem({ icon, hint, danger = false, children, className, ...rest }: MenuItemProps) {
  return (
    <Radix.Item onPointerLeave={leave} className={cn(item, danger && 'text-bad', className)} {...rest}>
      {icon}
      <span className="min-w-0 grow">{children}</span>
      {hint !== undefined && <span className="text-small text-text-3">{hint}</span>}
    </Radix.Item>
  );
}

/** A menu entry that leads somewhere. */
export function MenuLink({ href, icon, children }: { href: string; icon?: ReactNode; children: ReactNode }) {
  return (
    <Radix.Item asChild onPointerLeave={leave}>
      <a href={href} className={item}>
        {icon}
        <span className="min-w-0 grow">{children}</span>
      </a>
    </Radix.Item>
  );
}

export function MenuChoice({ value, onChange, label, children }: { value: string; onChange: (value: string) => void; label: string; children: ReactNode }) {
  return (
    <Radix.RadioGroup value={value} onValueChange={onChange} aria-label={label}>
      {children}
    </Radix.RadioGroup>
  );
}

export function MenuChoiceItem({ value, hint, children, keepOpen = false }: { value: string; hint?: ReactNode; children: ReactNode; keepOpen?: boolean }) {
  return (
    <Radix.RadioItem onPointerLeave={leave} value={value} className={cn(item, 'ps-7')} onSelect={(event) => keepOpen && event.preventDefault()}>
      <Radix.ItemIndicator className="absolute start-2 grid place-items-center">
        <Circle size={8} fill="currentColor" aria-hidden />
      </Radix.ItemIndicator>
      <span className="min-w-0 grow">{children}</span>
      {hint !== undefined && <span className="text-small text-text-3">{hint}</span>}
    </Radix.RadioItem>
  );
}

export function MenuCheckItem({ checked, onChange, children }: { checked: boolean; onChange: (checked: boolean) => void; children: ReactNode }) {
  return (
    <Radix.CheckboxItem onPointerLeave={leave} checked={checked} onCheckedChange={onChange} className={cn(item, 'ps-7')} onSelect={(event) => event.preventDefault()}>
      <Radix.ItemIndicator className="absolute start-2 grid place-items-center">
        <Check size={14} aria-hidden />
      </Radix.ItemIndicator>
      {children}
    </Radix.CheckboxItem>
  );
}

export function MenuLabel({ children }: { children: ReactNode }) {
  return <Radix.Label className="px-2 pt-2 pb-1 text-caption font-medium text-text-3">{children}</Radix.Label>;
}

export function MenuLine() {
  return <Radix.Separator className="-mx-1 my-1 h-px bg-border" />;
}
