import { useRef, useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useFaultText } from '@/components/fault-text';
import { Button } from '@/components/ui/button';
import { ToggleGroup } from '@/components/ui/choice';
import { Field } from '@/components/ui/field';
import { Input, SecretInput } from '@/components/ui/input';
import { Code } from '@/components/ui/text';
import type { ApiFault, Connection, KeyTrial, Node } from '@/lib/api';
import { useAct, useVerb } from '@/lib/query';
import { Checks, hostOf } from './checks';
import { FormFooter, FormTrouble } from './form-parts';
import { looksLikeAddress } from './names';
import { useTrial } from './trial';
import { useSettled } from './use-settled';

export const nodeTypes = ['openai-compatible', 'anthropic-compatible', 'gemini-compatible'] as const;
export type NodeType = (typeof nodeTypes)[number];
/** Names of formats, the same in every language. */
const formats: Record<NodeType, string> = { 'openai-compatible': 'OpenAI', 'anthropic-compatible': 'Anthropic', 'gemini-compatible': 'Gemini' };
type ApiType = 'chat' | 'responses';

interface NodeFormProps {
  type: NodeType;
  /** An address that was pasted before. */
  address?: string | undefined;
  onDone: (account: Connection, node: Node) => void;
  onBack?: (() => void) | undefined;
}

/** An endpoint of the person's own. What is typed is repaired and explained
 * at once; the endpoint is only called when its address field is left, so
 * that a key never goes to half an address. */
export function NodeForm({ type: first, address = '', onDone, onBack }: NodeFormProps) {
  const { t } = useTranslation(['connect', 'common']);
  const key = useRef<HTMLInputElement>(null);
  const trial = useTrial();
  const say = useFaultText();
  const [type, setType] = useState<NodeType>(first);
  const [api, setApi] = useState<ApiType>('chat');
  const [url, setUrl] = useState(address);
  const [left, setLeft] = useState(address !== '');
  const [wish, setWish] = useState<string | null>(null);
  const [called, setCalled] = useState<string | null>(null);
  const [keyed, setKeyed] = useState(false);
  const [saving, setSaving] = useState(false);
  const [fault, setFault] = useState<ApiFault | null>(null);
  const createNode = useAct('Nodes.Create');
  const removeNode = useAct('Nodes.Delete');
  const connect = useAct('Providers.Create');

  const apiType = type === 'openai-compatible' ? api : '';
  const settled = useSettled(JSON.stringify({ type, apiType, baseUrl: url.trim(), prefix: wish ?? '' }));
  const asked = JSON.parse(settled) as { type: string; apiType: string; baseUrl: string; prefix: string };
  const draft = useVerb('Nodes.Draft', asked, { enabled: looksLikeAddress(asked.baseUrl), keep: true });
  const known = url.trim() === '' ? undefined : draft.data;
  const prefix = wish ?? known?.prefix ?? '';
  const name = called ?? hostOf(known?.baseUrl ?? '');

  const input = (with_: Partial<KeyTrial> = {}): KeyTrial => ({ type, apiType, baseUrl: url.trim(), apiKey: key.current?.value.trim() ?? '', ...with_ });
  const attempt = (changed: Partial<KeyTrial> = {}) => {
    if (looksLikeAddress(url)) void trial.start(input(changed));
    else trial.reset();
  };
  const failed = trial.state.phase === 'fault' || (trial.state.phase === 'done' && !trial.state.report.valid);
  const save = async () => {
    setLeft(true);
    if (url.trim() === '' || known === undefined || known.takenBy !== '') return;
    setSaving(true);
    setFault(null);
    try {
      if (!failed && !(await trial.settle(input()))) return;
      const { node } = await createNode.mutateAsync({ name: name.trim() || hostOf(known.baseUrl), prefix, type, apiType, baseUrl: url.trim() });
      try {
        const secret = key.current?.value.trim() ?? '';
        const { connection } = await connect.mutateAsync({ provider: node.id, name: `${node.prefix}-1`, kind: secret === '' ? 'none' : 'apikey', apiKey: secret });
        if (key.current) key.current.value = '';
        onDone(connection, node);
      } catch (error) {
        await removeNode.mutateAsync({ id: node.id }); // an endpoint nobody can use would only be in the way
        throw error;
      }
    } catch (error) {
      setFault(error as ApiFault);
    } finally {
      setSaving(false);
    }
  };
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    void save();
  };
  const about = (param: string) => {
    const one = [fault, draft.error].find((trouble) => trouble?.param === param);
    return one ? say(one) : undefined;
  };
  const urlTrouble = !left ? undefined : url.trim() === '' ? t('common:required') : looksLikeAddress(url) ? about('baseUrl') : t('node.urlWrong');
  const prefixTrouble = known !== undefined && known.takenBy !== '' ? t('node.taken', { name: known.takenBy }) : about('prefix');

  return (
    <form onSubmit={submit} className="flex flex-col gap-4" noValidate>
      <div className="flex flex-wrap gap-x-6 gap-y-4">
        <Choice label={t('node.format')}>
          <ToggleGroup
            label={t('node.format')}
            value={type}
            options={nodeTypes.map((value) => ({ value, label: formats[value] }))}
            onChange={(next) => {
              setType(next);
              attempt({ type: next, apiType: next === 'openai-compatible' ? api : '' });
            }}
          />
        </Choice>
        {type === 'openai-compatible' && (
          <Choice label={t('node.api')}>
            <ToggleGroup
              label={t('node.api')}
              value={api}
              options={[
                { value: 'chat', label: t('node.chat') },
                { value: 'responses', label: t('node.responses') },
              ]}
              onChange={(next) => {
                setApi(next);
                attempt({ apiType: next });
              }}
            />
          </Choice>
        )}
      </div>
      <Field label={t('node.url')} help={t('node.urlHelp')} error={urlTrouble}>
        <Input
          code
          autoFocus
          inputMode="url"
          value={url}
          onChange={(event) => {
            setUrl(event.target.value);
            setFault(null);
            trial.reset();
          }}
          onBlur={() => {
            setLeft(true);
            attempt();
          }}
        />
      </Field>
      {known !== undefined && (
        <p className="m-0 -mt-2 flex flex-wrap gap-x-2 text-small text-text-2" role="status">
          {t('node.calls')}
          <Code className="min-w-0 text-text">{known.callUrl}</Code>
        </p>
      )}
      <Field
        label={
          <>
            {t('key.label')}
            <span className="font-normal text-text-2"> · {t('common:optional')}</span>
          </>
        }
        help={t('node.keyHelp')}
        error={about('apiKey')}
      >
        <SecretInput
          ref={key}
          onChange={(event) => {
            setKeyed(event.target.value.trim() !== '');
            setFault(null);
            trial.reset();
          }}
          onBlur={() => {
            if (trial.state.phase === 'idle') attempt();
          }}
        />
      </Field>
      <Checks state={trial.state} address={url} keyless={!keyed} onAgain={() => attempt()} />
      <div className="grid gap-4 xs:grid-cols-2">
        <Field
          label={t('node.prefix')}
          help={known !== undefined && known.shadows !== '' ? t('node.shadows', { name: known.shadows }) : prefix === '' ? undefined : t('node.prefixHelp', { prefix })}
          error={prefixTrouble}
        >
          <Input code value={prefix} onChange={(event) => setWish(event.target.value.trim())} />
        </Field>
        <Field label={t('node.name')} error={about('name')}>
          <Input value={name} onChange={(event) => setCalled(event.target.value)} />
        </Field>
      </div>
      <FormTrouble fault={fault !== null && (fault.param === undefined || !['baseUrl', 'prefix', 'name', 'apiKey'].includes(fault.param)) ? fault : null} />
      <FormFooter>
        {onBack && (
          <Button look="ghost" onClick={onBack} className="me-auto">
            {t('back')}
          </Button>
        )}
        <Button type="submit" look="primary" loading={saving}>
          {failed ? t('saveAnyway') : t('save')}
        </Button>
      </FormFooter>
    </form>
  );
}

function Choice({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <span aria-hidden className="text-body font-medium">
        {label}
      </span>
      {children}
    </div>
  );
}
