import { useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useFaultText } from '@/components/fault-text';
import { Button } from '@/components/ui/button';
import { Field } from '@/components/ui/field';
import { Input } from '@/components/ui/input';
import { Dialog } from '@/components/ui/overlay';
import { toast } from '@/components/ui/toaster';
import { call, type Connection } from '@/lib/api';
import { useAct } from '@/lib/query';

export function RenameDialog({ account, onClose }: { account: Connection | null; onClose: () => void }) {
  const { t } = useTranslation('providers');
  return (
    <Dialog open={account !== null} onOpenChange={(open) => !open && onClose()} title={t('rename.title', { name: account?.name ?? '' })} size="sm">
      {account && <RenameForm account={account} onClose={onClose} />}
    </Dialog>
  );
}

function RenameForm({ account, onClose }: { account: Connection; onClose: () => void }) {
  const { t } = useTranslation(['providers', 'common']);
  const [name, setName] = useState(account.name);
  const update = useAct('Providers.Update');
  const say = useFaultText();
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (name.trim() === '') return;
    update.mutate(
      { id: account.id, name: name.trim() },
      {
        onSuccess: ({ connection }) => {
          toast.undo(t('toast.renamed', { name: connection.name }), () => call('Providers.Update', { id: account.id, name: account.name }));
          onClose();
        },
      },
    );
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-4" noValidate>
      <Field label={t('rename.label')} error={name.trim() === '' ? t('common:required') : update.error ? say(update.error) : undefined}>
        <Input autoFocus value={name} onChange={(event) => setName(event.target.value)} onFocus={(event) => event.target.select()} />
      </Field>
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>{t('common:cancel')}</Button>
        <Button type="submit" look="primary" loading={update.isPending}>
          {t('rename.save')}
        </Button>
      </div>
    </form>
  );
}
