import { X } from 'lucide-react';
import { useId, useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { ModelPicker } from '@/components/model-picker';
import { Button, IconButton } from '@/components/ui/button';
import { Select, ToggleGroup } from '@/components/ui/choice';
import { Field } from '@/components/ui/field';
import { Input } from '@/components/ui/input';
import { Dialog } from '@/components/ui/overlay';
import { ErrorState } from '@/components/ui/states';
import { Code } from '@/components/ui/text';
import { toast } from '@/components/ui/toaster';
import type { IssuedKey, Key } from '@/lib/api';
import { useFormat } from '@/lib/format';
import { useAct } from '@/lib/query';
import { checkKey, expiryIn, lifetimes, type Draft, type Lifetime } from './draft';

interface KeyDialogProps {
  /** All keys: two of one name could not be told apart in the logs. */
  keys: readonly Key[];
  /** Left out = a new key. */
  editing?: Key;
  onClose: () => void;
  onIssued: (issued: IssuedKey) => void;
}

/** Makes a key, or changes what an existing one may do. */
export function KeyDialog({ keys, editing, onClose, onIssued }: KeyDialogProps) {
  const { t } = useTranslation(['keys', 'common']);
  const format = useFormat();
  const create = useAct('Keys.Create');
  const update = useAct('Keys.Update');
  const form = useId();
  const expires = editing?.expiresAt ?? null;
  const [draft, setDraft] = useState<Draft>({ name: editing?.name ?? '', limited: (editing?.allowedModels.length ?? 0) > 0, models: editing?.allowedModels ?? [], lifetime: expires === null ? 'never' : 'keep' });
  const [touched, setTouched] = useState<ReadonlySet<keyof Draft>>(new Set());
  const [tried, setTried] = useState(false);
  const faults = checkKey(draft, keys.filter((key) => key.id !== editing?.id).map((key) => key.name));
  const change = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));
  const error = (field: 'name' | 'models') => {
    const fault = faults[field];
    return fault !== undefined && (tried || touched.has(field)) ? t(`form.${fault.code}`, { n: fault.n }) : undefined;
  };
  const { isPending, error: refused } = editing ? update : create;

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    event.stopPropagation();
    setTried(true);
    if (faults.name !== undefined || faults.models !== undefined) return;
    const name = draft.name.trim();
    const allowedModels = draft.limited ? [...draft.models] : [];
    const expiresAt = draft.lifetime === 'keep' ? (expires ?? '') : expiryIn(draft.lifetime, new Date());
    if (editing) {
      update.mutate(
        { id: editing.id, name, allowedModels, expiresAt },
        {
          onSuccess: () => {
            toast.say(t('saved', { name }));
            onClose();
          },
        },
      );
    } else {
      create.mutate({ name, allowedModels, expiresAt }, { onSuccess: onIssued });
    }
  };
  const expiryLabel = (one: Lifetime) => (one === 'never' ? t('form.expiresNever') : one === 'keep' ? t('form.expiresKeep', { time: format.when(expires ?? '') }) : one === 365 ? t('form.expiresYear') : t('form.expiresDays', { count: one }));
  const choices: Lifetime[] = expires === null ? [...lifetimes] : ['keep', ...lifetimes];

  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={editing ? t('form.editing', { name: editing.name }) : t('form.creating')}
      footer={
        <>
          <Button onClick={onClose}>{t('common:cancel')}</Button>
          <Button look="primary" type="submit" form={form} loading={isPending}>
            {editing ? t('common:save') : t('form.create')}
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={submit} className="flex flex-col gap-4" noValidate>
        <Field label={t('form.name')} help={t('form.nameHelp')} error={error('name')}>
          <Input autoFocus value={draft.name} onChange={(event) => change({ name: event.target.value })} onBlur={() => setTouched((before) => new Set(before).add('name'))} />
        </Field>
        <Field label={t('form.expires')}>
          <Select className="self-start" value={String(draft.lifetime)} onChange={(value) => change({ lifetime: choices.find((one) => String(one) === value) ?? 'never' })} options={choices.map((one) => ({ value: String(one), label: expiryLabel(one) }))} />
        </Field>
        <fieldset className="m-0 flex min-w-0 flex-col gap-2 border-0 p-0">
          <legend className="mb-1 p-0 text-body font-medium">{t('form.may')}</legend>
          <ToggleGroup
            label={t('form.may')}
            value={draft.limited ? 'some' : 'all'}
            onChange={(value) => change({ limited: value === 'some' })}
            options={[
              { value: 'all', label: t('form.mayAll') },
              { value: 'some', label: t('form.maySome') },
            ]}
            className="self-start"
          />
          {draft.limited && (
            <Allowed models={draft.models} onChange={(models) => change({ models })} error={error('models')} />
          )}
        </fieldset>
        {refused && <ErrorState error={refused} />}
      </form>
    </Dialog>
  );
}

function Allowed({ models, onChange, error }: { models: readonly string[]; onChange: (models: readonly string[]) => void; error: string | undefined }) {
  const { t } = useTranslation('keys');
  return (
    <>
      {models.length > 0 && (
        <ul className="m-0 flex list-none flex-wrap gap-1.5 p-0">
          {models.map((model) => (
            <li key={model} className="inline-flex min-w-0 items-center gap-1 rounded-control border border-border bg-sunken ps-2">
              <Code className="min-w-0 truncate">{model}</Code>
              <IconButton label={t('form.mayRemove', { model })} icon={<X size={14} strokeWidth={1.75} aria-hidden />} size="sm" className="w-7" onClick={() => onChange(models.filter((one) => one !== model))} />
            </li>
          ))}
        </ul>
      )}
      <p className="m-0 text-small text-text-2">{t('form.mayHelp')}</p>
      <ModelPicker label={t('form.mayAdd')} taken={models} patterns onPick={(model) => onChange([...models, model])} className="h-60 overflow-hidden rounded-control border border-border-strong" />
      {error !== undefined && (
        <p role="alert" className="m-0 text-small text-bad">
          {error}
        </p>
      )}
    </>
  );
}
