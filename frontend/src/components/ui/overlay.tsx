import { X } from 'lucide-react';
import { AlertDialog as RadixAlert, Dialog as Radix } from 'radix-ui';
import type { KeyboardEvent, ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Button, IconButton } from './button';
import { cn } from './cn';
import { useReturnFocus } from './return-focus';

interface Base {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: ReactNode;
  /** One line under the title, or none. */
  text?: ReactNode;
  children?: ReactNode;
}

const scrim = 'motion-scrim fixed inset-0 z-overlay bg-scrim';
const panel =
  'motion-dialog fixed z-overlay flex max-h-[85dvh] flex-col border border-border bg-surface text-text shadow-dialog focus:outline-none ' +
  'inset-x-0 bottom-0 rounded-t-dialog sm:inset-x-auto sm:bottom-auto sm:start-1/2 sm:top-1/2 sm:w-[calc(100vw-48px)] sm:-translate-y-1/2 sm:-translate-x-1/2 sm:rounded-dialog rtl:sm:translate-x-1/2';
const widths = { sm: 'sm:max-w-md', md: 'sm:max-w-form', lg: 'sm:max-w-[880px]' };

interface DialogProps extends Base {
  footer?: ReactNode;
  size?: keyof typeof widths;
  /** Where the focus goes first; the first field otherwise. */
  onOpenAutoFocus?: (event: Event) => void;
  /** A press beside it does not close it: what it shows is shown only now. */
  sticky?: boolean;
}

/** A dialog in the middle; on a phone it comes from below. */
export function Dialog({ open, onOpenChange, title, text, children, footer, size = 'md', onOpenAutoFocus, sticky = false }: DialogProps) {
  const { t } = useTranslation('common');
  const focus = useReturnFocus();
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className={scrim} />
        <Radix.Content className={cn(panel, widths[size])} onOpenAutoFocus={onOpenAutoFocus} onPointerDownOutside={(event) => sticky && event.preventDefault()} {...focus} {...(text === undefined ? { 'aria-describedby': undefined } : {})}>
          <header className="flex items-start gap-3 px-6 pt-5 pb-3">
            <div className="min-w-0 grow">
              <Radix.Title className="m-0 text-card font-semibold">{title}</Radix.Title>
              {text !== undefined && <Radix.Description className="mt-1 mb-0 text-body text-text-2">{text}</Radix.Description>}
            </div>
            <Radix.Close asChild>
              <IconButton label={t('close')} icon={<X size={16} strokeWidth={1.75} aria-hidden />} className="-me-2 -mt-1" tooltip={false} />
            </Radix.Close>
          </header>
          <div className="min-h-0 grow overflow-y-auto px-6 pt-1 pb-5">{children}</div>
          {footer !== undefined && <footer className="flex flex-wrap justify-end gap-2 border-t border-border px-6 py-3">{footer}</footer>}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

interface AlertDialogProps extends Base {
  /** Says what it does: "Delete key", never "OK". */
  action: string;
  onAction: () => void;
  danger?: boolean;
  cancel?: string;
}

/** Asks before what cannot be undone. Everything else is done and offers Undo. */
export function AlertDialog({ open, onOpenChange, title, text, children, action, onAction, danger = false, cancel }: AlertDialogProps) {
  const { t } = useTranslation('common');
  const focus = useReturnFocus();
  return (
    <RadixAlert.Root open={open} onOpenChange={onOpenChange}>
      <RadixAlert.Portal>
        <RadixAlert.Overlay className={scrim} />
        <RadixAlert.Content className={cn(panel, widths.sm, 'p-6')} {...focus}>
          <RadixAlert.Title className="m-0 text-card font-semibold">{title}</RadixAlert.Title>
          <RadixAlert.Description className="mt-2 mb-0 text-body text-text-2">{text}</RadixAlert.Description>
          {children}
          <div className="mt-5 flex flex-wrap justify-end gap-2">
            <RadixAlert.Cancel asChild>
              <Button>{cancel ?? t('cancel')}</Button>
            </RadixAlert.Cancel>
            <RadixAlert.Action asChild onClick={onAction}>
              <Button look={danger ? 'danger' : 'primary'}>{action}</Button>
            </RadixAlert.Action>
          </div>
        </RadixAlert.Content>
      </RadixAlert.Portal>
    </RadixAlert.Root>
  );
}

interface SheetProps extends Base {
  /** Buttons beside the close button. */
  actions?: ReactNode;
  footer?: ReactNode;
  /** A modal sheet dims the page; the sheet of a table row does not, so that
   * the list can be walked behind it. */
  modal?: boolean;
  side?: 'start' | 'end';
  width?: string;
  /** Where the focus goes when it closes, for sheets that no button opened. */
  onCloseAutoFocus?: (event: Event) => void;
  onKeyDown?: (event: KeyboardEvent) => void;
}

/** A panel at the edge; it fills a phone's screen. */
export function Sheet({ open, onOpenChange, title, text, children, actions, footer, modal = false, side = 'end', width = 'sm:w-[560px]', onCloseAutoFocus, onKeyDown }: SheetProps) {
  const { t } = useTranslation('common');
  const focus = useReturnFocus();
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange} modal={modal}>
      <Radix.Portal>
        {modal && <Radix.Overlay className={scrim} />}
        <Radix.Content
          onInteractOutside={(event) => {
            if (!modal) event.preventDefault();
          }}
          onOpenAutoFocus={(event) => {
            // Beside a list the panel itself takes the focus: its keys work at
            // once and no button looks pressed.
            if (modal || !(event.currentTarget instanceof HTMLElement)) return;
            event.preventDefault();
            event.currentTarget.focus();
          }}
          {...focus}
          {...(onCloseAutoFocus ? { onCloseAutoFocus } : {})}
          {...(onKeyDown ? { onKeyDown } : {})}
          className={cn(
            'motion-sheet fixed inset-y-0 z-overlay flex w-full max-w-full flex-col border-border bg-surface text-text shadow-dialog focus:outline-none',
            side === 'end' ? 'end-0 border-s' : 'start-0 border-e',
            width,
          )}
          {...(text === undefined ? { 'aria-describedby': undefined } : {})}
        >
          <header className="flex min-h-14 items-center gap-2 border-b border-border px-4 py-2">
            <div className="min-w-0 grow">
              <Radix.Title className="m-0 text-card font-semibold">{title}</Radix.Title>
              {text !== undefined && <Radix.Description className="m-0 text-small text-text-2">{text}</Radix.Description>}
            </div>
            {actions}
            <Radix.Close asChild>
              <IconButton label={t('close')} icon={<X size={16} strokeWidth={1.75} aria-hidden />} tooltip={false} />
            </Radix.Close>
          </header>
          <div tabIndex={0} className="min-h-0 grow overflow-y-auto p-4 focus-visible:outline-offset-[-2px]">
            {children}
          </div>
          {footer !== undefined && <footer className="flex flex-wrap gap-2 border-t border-border px-4 py-3">{footer}</footer>}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
