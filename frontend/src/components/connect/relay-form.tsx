import { useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useFaultText } from '@/components/fault-text';
import { Button } from '@/components/ui/button';
import { Field } from '@/components/ui/field';
import { Input } from '@/components/ui/input';
import type { ApiFault, Connection, PickerEntry } from '@/lib/api';
import { useAct, useVerb } from '@/lib/query';
import { FormFooter, FormTrouble } from './form-parts';
import { nextName } from './names';

interface RelayFormProps {
  entry: PickerEntry;
  onDone: (account: Connection) => void;
  onBack?: (() => void) | undefined;
}

/** A tool's own sign-in is passed on. What the vendor's terms say stands above
 * the button, so it is read before and not after (rulings 2.1). */
export function RelayForm({ entry, onDone, onBack }: RelayFormProps) {
  const { t } = useTranslation('connect');
  const { data: list } = useVerb('Providers.List');
  const create = useAct('Providers.Create');
  const [wish, setWish] = useState<string | null>(null);
  const proposal = nextName(entry.prefix, (list?.connections ?? []).filter((one) => one.provider === entry.id));
  const fault: ApiFault | null = create.error;
  const say = useFaultText();
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    create.mutate({ provider: entry.id, kind: 'relay', name: (wish ?? proposal).trim() || proposal }, { onSuccess: ({ connection }) => onDone(connection) });
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-4" noValidate>
      <p className="m-0">{t('relay.text', { provider: entry.name })}</p>
      {entry.notice !== '' && (
        <figure className="m-0 rounded-card bg-warn-soft px-4 py-3">
          <figcaption className="text-body font-medium">{t('relay.terms', { provider: entry.name })}</figcaption>
          <blockquote lang="en" dir="ltr" className="mx-0 my-1 text-body">
            {entry.notice}
          </blockquote>
          <p className="m-0 text-body">{t('relay.judge')}</p>
        </figure>
      )}
      <Field label={t('key.name')} help={t('key.nameHelp')} error={fault?.param === 'name' ? say(fault) : undefined}>
        <Input autoFocus value={wish ?? proposal} onChange={(event) => setWish(event.target.value)} />
      </Field>
      <FormTrouble fault={fault?.param === 'name' ? null : fault} />
      <FormFooter>
        {onBack && (
          <Button look="ghost" onClick={onBack} className="me-auto">
            {t('back')}
          </Button>
        )}
        <Button type="submit" look="primary" loading={create.isPending}>
          {t('relay.connect', { provider: entry.name })}
        </Button>
      </FormFooter>
    </form>
  );
}
