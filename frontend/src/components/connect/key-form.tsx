import { ChevronRight } from 'lucide-react';
import { useEffect, useRef, useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useFaultText } from '@/components/fault-text';
import { OutsideLink } from '@/components/outside-link';
import { Button } from '@/components/ui/button';
import { Field } from '@/components/ui/field';
import { Input, SecretInput } from '@/components/ui/input';
import { Code } from '@/components/ui/text';
import type { ApiFault, Connection, KeyTrial, PickerEntry } from '@/lib/api';
import { useAct, useVerb } from '@/lib/query';
import { Checks } from './checks';
import { FormFooter, FormTrouble } from './form-parts';
import { cameAtOnce, looksLikeAddress, nextName } from './names';
import { useTrial } from './trial';

/** What of a provider the form needs; an entry of the picker has it all. */
export type KeyTarget = Pick<PickerEntry, 'id' | 'name' | 'prefix' | 'kinds' | 'keyUrl' | 'baseUrl' | 'params' | 'freeNote' | 'priceNote' | 'group'>;

interface KeyFormProps {
  target: KeyTarget;
  /** A key that was pasted before. It is tried at once. */
  pasted?: string | undefined;
  /** The provider was guessed from the key. */
  guessed?: boolean;
  /** The account whose key is replaced; left out = a new account. */
  account?: Connection | undefined;
  onDone: (account: Connection) => void;
  onBack?: (() => void) | undefined;
  /** The key is another provider's. */
  onSwitch?: ((provider: string, key: string) => void) | undefined;
}

const typed = 600;
/** Shorter texts are not tried while they are being typed. */
const shortest = 8;

/** One key, tested while the form is open. The key stays in the field:
 * never in an attribute, never in a cache, and it is wiped once saved. */
export function KeyForm({ target, pasted, guessed = false, account, onDone, onBack, onSwitch }: KeyFormProps) {
  const { t } = useTranslation(['connect', 'common']);
  const key = useRef<HTMLInputElement>(null);
  const length = useRef(pasted?.length ?? 0);
  const trial = useTrial();
  const say = useFaultText();
  const { data: list } = useVerb('Providers.List');
  const create = useAct('Providers.Create');
  const update = useAct('Providers.Update');
  const [wish, setWish] = useState<string | null>(null);
  const [base, setBase] = useState('');
  const [params, setParams] = useState<Record<string, string>>({});
  const [keyed, setKeyed] = useState((pasted ?? '') !== '');
  const [missing, setMissing] = useState(false);
  const [saving, setSaving] = useState(false);
  const [fault, setFault] = useState<ApiFault | null>(null);

  const keyless = target.kinds.includes('none') && account === undefined;
  const takesKey = target.kinds.includes('apikey');
  const local = target.group === 'local';
  const proposal = nextName(target.prefix, (list?.connections ?? []).filter((one) => one.provider === target.id));
  const name = wish ?? proposal;

  const input = (): KeyTrial => ({
    provider: target.id,
    apiKey: key.current?.value.trim() ?? '',
    baseUrl: account === undefined ? base.trim() : (account.baseUrl ?? ''),
    params: account?.params ?? params,
  });
  const complete = (what: KeyTrial) => (keyless || what.apiKey !== '') && target.params.every((param) => (what.params?.[param.name] ?? '') !== '');
  const attempt = (wait: number) => {
    const what = input();
    if (complete(what) && (keyless || (what.apiKey ?? '').length >= shortest)) void trial.start(what, wait);
    else trial.reset();
  };
  const edited = () => {
    setKeyed(key.current?.value.trim() !== '');
    setMissing(false);
    setFault(null);
  };

  // A key that came along is put into the field and tried once.
  useEffect(() => {
    if (key.current === null || pasted === undefined || pasted === '') return;
    key.current.value = pasted;
    void trial.start({ provider: target.id, apiKey: pasted, baseUrl: '', params: {} });
    // eslint-disable-next-line react-hooks/exhaustive-deps -- once, for the key the form was opened with
  }, []);

  const save = async (anyway: boolean) => {
    const what = input();
    if (!complete(what)) {
      setMissing(!keyless && what.apiKey === '');
      key.current?.focus();
      return;
    }
    setSaving(true);
    setFault(null);
    try {
      if (!anyway && !(await trial.settle(what))) return;
      const { connection } =
        account === undefined
          ? await create.mutateAsync({ ...what, name: name.trim() || proposal, kind: what.apiKey === '' ? 'none' : 'apikey' })
          : await update.mutateAsync({ id: account.id, apiKey: what.apiKey ?? '' });
      if (key.current) key.current.value = '';
      onDone(connection);
    } catch (error) {
      setFault(error as ApiFault);
    } finally {
      setSaving(false);
    }
  };
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    void save(failed);
  };
  const failed = trial.state.phase === 'fault' || (trial.state.phase === 'done' && !trial.state.report.valid);
  const of = (param: string) => (fault?.param === param ? say(fault) : undefined);

  return (
    <form onSubmit={submit} className="flex flex-col gap-4" noValidate>
      {takesKey && (
        <Field
          label={
            <>
              {t('key.label')}
              {keyless && <span className="font-normal text-text-2"> · {t('common:optional')}</span>}
            </>
          }
          help={account !== undefined ? t('key.replaceHelp') : guessed ? t('key.looks', { provider: target.name }) : undefined}
          error={missing ? t('key.missing') : of('apiKey')}
        >
          <SecretInput
            ref={key}
            autoFocus={!local}
            onChange={(event) => {
              edited();
              attempt(cameAtOnce(length.current, event.target.value) ? 0 : typed);
              length.current = event.target.value.length;
            }}
          />
        </Field>
      )}
      {takesKey && target.keyUrl !== '' && !keyed && (
        <p className="m-0 -mt-2 flex flex-wrap items-center gap-x-3 text-small text-text-2">
          <OutsideLink href={target.keyUrl}>{t('key.get')}</OutsideLink>
        </p>
      )}
      {target.params.map((param) => (
        <Field key={param.name} label={<Code>{param.name}</Code>} help={<span lang="en">{param.hint}</span>} error={of(`params.${param.name}`)}>
          <Input code value={params[param.name] ?? ''} onChange={(event) => setParams({ ...params, [param.name]: event.target.value.trim() })} onBlur={() => attempt(0)} />
        </Field>
      ))}
      <Checks
        state={trial.state}
        address={base || target.baseUrl}
        keyless={keyless && !keyed}
        onSwitch={onSwitch && ((provider) => onSwitch(provider, key.current?.value ?? ''))}
        onAgain={() => attempt(0)}
      />
      {account === undefined && (
        <Field label={t('key.name')} help={t('key.nameHelp')} error={of('name')}>
          <Input value={name} onChange={(event) => setWish(event.target.value)} />
        </Field>
      )}
      {account === undefined && <Address open={local} base={base} usual={target.baseUrl} error={of('baseUrl')} onChange={setBase} onCommit={() => attempt(0)} />}
      <FormTrouble fault={fault?.param === undefined ? fault : null} />
      <FormFooter>
        {onBack && (
          <Button look="ghost" onClick={onBack} className="me-auto">
            {t('back')}
          </Button>
        )}
        <Button type="submit" look="primary" loading={saving}>
          {failed ? t('saveAnyway') : account === undefined ? t('save') : t('replace')}
        </Button>
      </FormFooter>
    </form>
  );
}

interface AddressProps {
  open: boolean;
  base: string;
  usual: string;
  error: string | undefined;
  onChange: (base: string) => void;
  onCommit: () => void;
}

/** Another address than the catalogue's: rarely needed, so folded away. */
function Address({ open, base, usual, error, onChange, onCommit }: AddressProps) {
  const { t } = useTranslation('connect');
  const [left, setLeft] = useState(false);
  const leave = () => {
    setLeft(true);
    if (base.trim() === '' || looksLikeAddress(base)) onCommit();
  };
  const wrong = left && base.trim() !== '' && !looksLikeAddress(base);
  return (
    <details open={open || error !== undefined || undefined} className="group">
      <summary className="inline-flex min-h-6 cursor-pointer list-none items-center gap-1 rounded-control text-body text-text-2 hover:text-text [&::-webkit-details-marker]:hidden">
        <ChevronRight size={16} strokeWidth={1.75} aria-hidden className="mirror transition-transform duration-fast group-open:rotate-90" />
        {t('key.more')}
      </summary>
      <Field label={t('key.base')} help={t('key.baseHelp', { url: usual })} error={wrong ? t('node.urlWrong') : error} className="mt-3">
        <Input code inputMode="url" value={base} onChange={(event) => onChange(event.target.value)} onBlur={() => leave()} />
      </Field>
    </details>
  );
}
