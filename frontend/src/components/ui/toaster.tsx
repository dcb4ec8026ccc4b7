import i18next from 'i18next';
import { toast as sonner, Toaster as Sonner } from 'sonner';
import { useTranslation } from 'react-i18next';
import { offerUndo } from '@/lib/keys/undo';
import { phone, useMedia } from '@/lib/media';

const undoTime = 10_000;

const reason = (error: unknown) => (error instanceof Error && error.message !== '' ? error.message : i18next.t('errors:kind.internal'));

/** Short words at the lower edge. Trouble that needs the person is a condition
 * or stands where it happened, never only here. */
export const toast = {
  say(text: string): void {
    sonner(text);
  },
  /** Something pressed in a list or menu did not work and there is no place
   * beside it for more than a line. */
  failed: (error: unknown): void => {
    sonner(reason(error));
  },
  /** What was just done, with the way back for ten seconds. Ctrl/Cmd+Z takes
   * the same way. */
  undo(text: string, undo: () => void | Promise<unknown>): void {
    const offer = offerUndo(() => {
      sonner.dismiss(id);
      void Promise.resolve(undo()).then(
        () => sonner(i18next.t('common:undone')),
        (error: unknown) => sonner(reason(error)),
      );
    });
    const id = sonner(text, {
      duration: undoTime,
      action: { label: i18next.t('common:undo'), onClick: offer.run },
      onAutoClose: offer.expire,
      onDismiss: offer.expire,
    });
  },
};

export function Toaster() {
  const { t, i18n } = useTranslation('shell');
  const small = useMedia(phone);
  return (
    <Sonner
      position={small ? 'bottom-center' : 'bottom-right'}
      dir={i18n.dir()}
      visibleToasts={3}
      duration={6_000}
      hotkey={['F6']}
      containerAriaLabel={t('toasts')}
      toastOptions={{
        unstyled: true,
        classNames: {
          toast: 'flex w-[min(356px,calc(100vw-32px))] items-center justify-between gap-3 rounded-card border border-border-strong bg-surface px-4 py-3 text-body text-text shadow-pop',
          content: 'min-w-0',
          actionButton: 'min-h-7 shrink-0 rounded-control border border-border-strong bg-surface px-2 text-small font-medium text-text hover:bg-hover pointer-coarse:min-h-11',
        },
      }}
    />
  );
}
