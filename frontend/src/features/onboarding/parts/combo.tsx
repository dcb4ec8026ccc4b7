import { ArrowRight } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ModelChip } from '@/components/model-chip';
import { Button } from '@/components/ui/button';
import { Field } from '@/components/ui/field';
import { Input } from '@/components/ui/input';
import { Skeleton, useTroubleWords } from '@/components/ui/states';
import { call, type ApiFault, type Combo } from '@/lib/api';
import { useVerb } from '@/lib/query';
import type { Moves } from '../steps';
import { StepFooter } from './step-footer';

type Models = Combo['models'];

const nameOf = (model: Models[number]) => (typeof model === 'string' ? model : model.model);

/** One proposal made of what works: subscription, then key, cheap and free. */
export function ComboStep({ moves }: { moves: Moves }) {
  const { t } = useTranslation(['onboarding', 'common']);
  const { data: list } = useVerb('Combos.List');
  const { data: status } = useVerb('System.Status');
  const { data: templates } = useVerb('Combos.Templates');
  const words = useTroubleWords();
  const [wish, setWish] = useState<string | null>(null);
  const [fault, setFault] = useState<ApiFault | null>(null);
  const [busy, setBusy] = useState(false);

  const active = list?.combos.find((combo) => combo.isActive);
  const proposal = templates?.templates.find((template) => template.code !== 'try_out');
  const name = wish ?? proposal?.name ?? '';
  const loaded = list !== undefined && status !== undefined && templates !== undefined;

  const save = async () => {
    if (!proposal || name.trim() === '') return;
    setBusy(true);
    setFault(null);
    try {
      const { combo } = await call('Combos.Create', { name: name.trim(), models: proposal.models, strategy: 'priority' });
      if (!combo.isActive) await call('Combos.Activate', { id: combo.id });
      moves.next();
    } catch (error) {
      setFault(error as ApiFault);
    } finally {
      setBusy(false);
    }
  };

  if (!loaded) return <Skeleton lines={5} />;
  if (active) {
    return (
      <>
        <p className="mt-0 mb-4">{t('combo.exists', { name: active.name })}</p>
        <Steps models={active.models} />
        <Next name={active.name} models={active.models} />
        <Continue moves={moves} />
      </>
    );
  }
  if (!proposal) {
    return (
      <>
        <p role="status" className="m-0">
          {status.connections > 0 ? t('combo.thinking') : t('combo.none')}
        </p>
        <Continue moves={moves} />
      </>
    );
  }
  return (
    <>
      <div className="flex flex-col gap-5">
        <Steps models={proposal.models} />
        <Next name="" models={proposal.models} />
        <Field label={t('combo.name')} help={t('combo.later')} error={name.trim() === '' ? t('common:required') : fault?.param === 'name' ? fault.message : undefined} className="max-w-80">
          <Input value={name} onChange={(event) => setWish(event.target.value)} />
        </Field>
        {fault !== null && fault.param !== 'name' && (
          <p role="alert" className="m-0 text-bad">
            {t('combo.failed')} {words(fault)} <span lang="en">{fault.message}</span>
          </p>
        )}
      </div>
      <StepFooter moves={moves} skip={moves.next}>
        <Button look="primary" loading={busy} onClick={() => void save()}>
          {t('combo.good')}
        </Button>
      </StepFooter>
    </>
  );
}

function Continue({ moves }: { moves: Moves }) {
  const { t } = useTranslation('onboarding');
  return (
    <StepFooter moves={moves}>
      <Button look="primary" onClick={moves.next}>
        {t('combo.continue')}
      </Button>
    </StepFooter>
  );
}

function Steps({ models }: { models: Models }) {
  const { t } = useTranslation('onboarding');
  return (
    <ol aria-label={t('combo.steps')} className="m-0 list-none divide-y divide-border rounded-card border border-border bg-surface p-0">
      {models.map((model, index) => (
        <li key={nameOf(model)} className="flex min-h-row items-center gap-3 px-4">
          <span aria-hidden className="figures w-4 text-end text-small text-text-3">
            {index + 1}
          </span>
          <ModelChip model={nameOf(model)} className="min-w-0" />
        </li>
      ))}
    </ol>
  );
}

/** Who would answer now. */
function Next({ name, models }: { name: string; models: Models }) {
  const { t } = useTranslation('onboarding');
  const { data } = useVerb('Combos.Preview', { name, models }, { keep: true });
  const row = data?.rows.find((one) => one.verdict === 'would_answer');
  if (!row) return null;
  return (
    <p className="mx-0 mt-3 mb-0 flex flex-wrap items-center gap-x-2">
      <span className="text-text-2">{t('combo.next')}</span>
      <ArrowRight size={16} strokeWidth={1.75} aria-hidden className="mirror text-text-3" />
      <ModelChip model={row.target} />
      {row.accountName !== '' && <span className="text-text-2">· {row.accountName}</span>}
    </p>
  );
}
