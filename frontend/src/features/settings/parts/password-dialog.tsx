import { useState, type SubmitEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { Field } from '@/components/ui/field';
import { SecretInput } from '@/components/ui/input';
import { Dialog } from '@/components/ui/overlay';
import { toast } from '@/components/ui/toaster';
import { inWindow } from '@/lib/api';
import { useAct } from '@/lib/query';

const shortest = 8;

/** Sets, changes or removes the password. What was typed leaves the page when
 * the dialog closes. */
export function PasswordDialog({ mode, onClose }: { mode: 'set' | 'change' | 'remove'; onClose: () => void }) {
  const { t } = useTranslation(['settings', 'common']);
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const [again, setAgain] = useState('');
  const [tried, setTried] = useState(false);
  const save = useAct('Settings.Update');
  const asks = mode !== 'set' && !inWindow();
  const gives = mode !== 'remove';
  const short = gives && new TextEncoder().encode(next).length < shortest;
  const differs = gives && next !== again;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    setTried(true);
    if (short || differs || (asks && current === '')) return;
    save.mutate(
      { password: gives ? next : '', ...(asks ? { currentPassword: current } : {}) },
      {
        onSuccess: () => {
          toast.say(t(`security.done.${mode}`));
          onClose();
        },
      },
    );
  };
  const refused = save.error?.kind === 'forbidden' && asks ? t('security.wrong') : undefined;
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      size="sm"
      title={t(`security.ask.${mode}`)}
      text={t(`security.text.${mode}`)}
      footer={
        <>
          <Button onClick={onClose}>{t('common:cancel')}</Button>
          <Button look={mode === 'remove' ? 'danger' : 'primary'} type="submit" form="password-form" loading={save.isPending}>
            {t(`security.${mode}`)}
          </Button>
        </>
      }
    >
      <form id="password-form" onSubmit={submit} className="flex flex-col gap-4">
        {asks && (
          <Field label={t('security.current')} error={refused ?? (tried && current === '' ? t('common:required') : undefined)}>
            <SecretInput autoComplete="current-password" value={current} onChange={(event) => setCurrent(event.target.value)} />
          </Field>
        )}
        {gives && (
          <>
            <Field label={t('security.new')} help={t('security.rule')} error={tried && short ? t('security.short') : undefined}>
              <SecretInput autoComplete="new-password" value={next} onChange={(event) => setNext(event.target.value)} />
            </Field>
            <Field label={t('security.again')} error={tried && !short && differs ? t('security.differs') : undefined}>
              <SecretInput autoComplete="new-password" value={again} onChange={(event) => setAgain(event.target.value)} />
            </Field>
          </>
        )}
        {save.error && refused === undefined && (
          <p role="alert" className="m-0 text-small text-bad">
            {save.error.message}
          </p>
        )}
      </form>
    </Dialog>
  );
}
