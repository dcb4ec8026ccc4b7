import { useId, useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { Field } from '@/components/ui/field';
import { Input } from '@/components/ui/input';
import { Dialog } from '@/components/ui/overlay';
import { ErrorState } from '@/components/ui/states';
import { toast } from '@/components/ui/toaster';
import type { Combo } from '@/lib/api';
import { useAct } from '@/lib/query';
import { checkName } from '../draft';
import { useNameWords } from './name-words';

export function Rename({ combo, combos, onClose }: { combo: Combo; combos: readonly Combo[]; onClose: () => void }) {
  const { t } = useTranslation(['combos', 'common']);
  const words = useNameWords();
  const update = useAct('Combos.Update');
  const form = useId();
  const [name, setName] = useState(combo.name);
  const [touched, setTouched] = useState(false);
  const fault = checkName(
    name,
    combos.filter((one) => one.id !== combo.id).map((one) => one.name),
  );
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    setTouched(true);
    const to = name.trim();
    if (fault !== null) return;
    if (to === combo.name) {
      onClose();
      return;
    }
    update.mutate(
      { id: combo.id, name: to },
      {
        onSuccess: () => {
          toast.undo(t('renamed', { from: combo.name, to }), () => update.mutateAsync({ id: combo.id, name: combo.name }));
          onClose();
        },
      },
    );
  };
  return (
    <Dialog
      open
      onOpenChange={onClose}
      size="sm"
      title={t('rename.title', { name: combo.name })}
      footer={
        <>
          <Button onClick={onClose}>{t('common:cancel')}</Button>
          <Button look="primary" type="submit" form={form} loading={update.isPending}>
            {t('common:rename')}
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={submit} noValidate>
        <Field label={t('name.label')} help={t('rename.help')} error={touched && fault ? words(fault) : undefined}>
          <Input code autoFocus value={name} onChange={(event) => setName(event.target.value)} onBlur={() => setTouched(true)} />
        </Field>
        {update.error && <ErrorState error={update.error} />}
      </form>
    </Dialog>
  );
}
