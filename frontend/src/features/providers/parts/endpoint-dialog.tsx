import { useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useFaultText } from '@/components/fault-text';
import { Button } from '@/components/ui/button';
import { Field } from '@/components/ui/field';
import { Input } from '@/components/ui/input';
import { Dialog } from '@/components/ui/overlay';
import { Code } from '@/components/ui/text';
import type { Node } from '@/lib/api';
import { useAct, useVerb } from '@/lib/query';

export function EndpointDialog({ node, onClose }: { node: Node | null; onClose: () => void }) {
  const { t } = useTranslation('providers');
  return (
    <Dialog open={node !== null} onOpenChange={(open) => !open && onClose()} title={t('endpoint.title', { name: node?.name ?? '' })}>
      {node && <EndpointForm node={node} onClose={onClose} />}
    </Dialog>
  );
}

function EndpointForm({ node, onClose }: { node: Node; onClose: () => void }) {
  const { t } = useTranslation(['providers', 'connect', 'common']);
  const say = useFaultText();
  const [form, setForm] = useState({ name: node.name, prefix: node.prefix, baseUrl: node.baseUrl });
  const update = useAct('Nodes.Update');
  const moved = form.baseUrl.trim() !== node.baseUrl;
  const draft = useVerb('Nodes.Draft', { type: node.type, apiType: node.apiType, baseUrl: form.baseUrl.trim(), prefix: form.prefix.trim(), id: node.id }, { keep: true });
  const set = (field: keyof typeof form) => (event: { target: { value: string } }) => {
    update.reset();
    setForm({ ...form, [field]: event.target.value });
  };
  const about = (param: string) => {
    const one = [update.error, draft.error].find((trouble) => trouble?.param === param);
    return one ? say(one) : undefined;
  };
  const taken = draft.data?.takenBy ?? '';
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (taken !== '' || draft.error) return;
    update.mutate({ id: node.id, name: form.name.trim(), prefix: form.prefix.trim(), ...(moved ? { baseUrl: form.baseUrl.trim() } : {}) }, { onSuccess: onClose });
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-4" noValidate>
      <Field label={t('connect:node.name')} error={about('name')}>
        <Input autoFocus value={form.name} onChange={set('name')} />
      </Field>
      <Field
        label={t('connect:node.prefix')}
        help={(draft.data?.shadows ?? '') !== '' ? t('connect:node.shadows', { name: draft.data?.shadows ?? '' }) : t('connect:node.prefixHelp', { prefix: form.prefix })}
        error={taken !== '' ? t('connect:node.taken', { name: taken }) : about('prefix')}
      >
        <Input code value={form.prefix} onChange={set('prefix')} />
      </Field>
      <Field label={t('connect:node.url')} help={moved ? t('endpoint.keyNote') : t('connect:node.urlHelp')} error={about('baseUrl')}>
        <Input code inputMode="url" value={form.baseUrl} onChange={set('baseUrl')} />
      </Field>
      {draft.data !== undefined && (
        <p className="m-0 -mt-2 flex flex-wrap gap-x-2 text-small text-text-2">
          {t('connect:node.calls')}
          <Code className="min-w-0 text-text">{draft.data.callUrl}</Code>
        </p>
      )}
      {update.error && update.error.param === undefined && (
        <p role="alert" className="m-0 text-bad">
          {say(update.error)}
        </p>
      )}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>{t('common:cancel')}</Button>
        <Button type="submit" look="primary" loading={update.isPending}>
          {t('endpoint.save')}
        </Button>
      </div>
    </form>
  );
}
