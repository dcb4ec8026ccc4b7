import { useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useFaultText } from '@/components/fault-text';
import { Button } from '@/components/ui/button';
import { Field } from '@/components/ui/field';
import { Input } from '@/components/ui/input';
import { Dialog } from '@/components/ui/overlay';
import { Code } from '@/components/ui/text';
import { useAct } from '@/lib/query';
import type { Upstream } from '../upstreams';

interface AddModelProps {
  open: boolean;
  upstream: Upstream;
  onClose: () => void;
  onAdded: () => void;
}

/** A model id the provider serves but nobody lists. */
export function AddModelDialog({ open, upstream, onClose, onAdded }: AddModelProps) {
  const { t } = useTranslation('providers');
  return (
    <Dialog open={open} onOpenChange={(next) => !next && onClose()} title={t('models.addTitle', { provider: upstream.name })} size="sm">
      <Form upstream={upstream} onClose={onClose} onAdded={onAdded} />
    </Dialog>
  );
}

function Form({ upstream, onClose, onAdded }: Omit<AddModelProps, 'open'>) {
  const { t } = useTranslation(['providers', 'common']);
  const [id, setId] = useState('');
  const [name, setName] = useState('');
  const [tried, setTried] = useState(false);
  const add = useAct('Models.AddCustom');
  const say = useFaultText();
  const plain = id.trim().replace(new RegExp(`^${upstream.prefix.replace(/[.-]/g, '\\$&')}/`), '');
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    setTried(true);
    if (plain === '') return;
    add.mutate(
      { provider: upstream.id, modelId: plain, modelName: name.trim() },
      {
        onSuccess: () => {
          onAdded();
          onClose();
        },
      },
    );
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-4" noValidate>
      <Field
        label={t('models.id')}
        help={
          plain === '' ? (
            t('models.idHelp')
          ) : (
            <>
              {t('models.model')} <Code className="text-text">{`${upstream.prefix}/${plain}`}</Code>
            </>
          )
        }
        error={tried && plain === '' ? t('common:required') : add.error ? say(add.error) : undefined}
      >
        <Input code autoFocus value={id} onChange={(event) => setId(event.target.value)} />
      </Field>
      <Field
        label={
          <>
            {t('models.name')}
            <span className="font-normal text-text-2"> · {t('common:optional')}</span>
          </>
        }
      >
        <Input value={name} onChange={(event) => setName(event.target.value)} />
      </Field>
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>{t('common:cancel')}</Button>
        <Button type="submit" look="primary" loading={add.isPending}>
          {t('common:add')}
        </Button>
      </div>
    </form>
  );
}
