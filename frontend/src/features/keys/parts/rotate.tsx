import { useTranslation } from 'react-i18next';
import { AlertDialog } from '@/components/ui/overlay';
import { toast } from '@/components/ui/toaster';
import type { IssuedKey, Key } from '@/lib/api';
import { useAct } from '@/lib/query';

/** Asks first: the old text of a key cannot come back. */
export function Rotate({ of, onClose, onIssued }: { of: Key; onClose: () => void; onIssued: (issued: IssuedKey) => void }) {
  const { t } = useTranslation('keys');
  const rotate = useAct('Keys.Rotate');
  return (
    <AlertDialog
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title={t('rotate.title', { name: of.name })}
      text={t('rotate.text')}
      action={t('rotate.action')}
      danger
      // The question closes with the press; the answer comes to the page.
      onAction={() => void rotate.mutateAsync({ id: of.id }).then(onIssued, toast.failed)}
    />
  );
}
