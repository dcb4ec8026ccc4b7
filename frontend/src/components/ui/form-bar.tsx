import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { setLeaveGuard } from '@/lib/router';
import { Button } from './button';
import { AlertDialog } from './overlay';

interface FormBarProps {
  /** How many things differ from what is saved; 0 hides the bar. */
  changes: number;
  onRevert: () => void;
  onSave: () => void;
  saving?: boolean;
  saveLabel?: string;
}

/** "3 changes · Revert · Save" at the lower edge, and the question before a
 * page with changes is left. */
export function FormBar({ changes, onRevert, onSave, saving = false, saveLabel }: FormBarProps) {
  const { t } = useTranslation('common');
  const [proceed, setProceed] = useState<(() => void) | null>(null);
  const dirty = changes > 0;
  useEffect(() => {
    if (!dirty) return undefined;
    const stop = setLeaveGuard((go) => setProceed(() => go));
    const unload = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', unload);
    return () => {
      stop();
      window.removeEventListener('beforeunload', unload);
    };
  }, [dirty]);
  return (
    <>
      {dirty && (
        <div className="sticky bottom-4 z-sticky mt-4 flex flex-wrap items-center justify-end gap-3 rounded-card border border-border-strong bg-surface px-4 py-2 shadow-pop">
          <span role="status" className="grow text-body text-text-2">
            {t('changes', { count: changes })}
          </span>
          <Button look="ghost" onClick={onRevert}>
            {t('revert')}
          </Button>
          <Button look="primary" onClick={onSave} loading={saving}>
            {saveLabel ?? t('save')}
          </Button>
        </div>
      )}
      <AlertDialog
        open={proceed !== null}
        onOpenChange={(open) => {
          if (!open) setProceed(null);
        }}
        title={t('leave.title')}
        text={t('leave.text')}
        cancel={t('leave.stay')}
        action={t('leave.go')}
        onAction={() => {
          onRevert();
          proceed?.();
        }}
        danger
      />
    </>
  );
}
