import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Page, useHeading } from '@/components/page';
import { Card } from '@/components/ui/card';
import { Field } from '@/components/ui/field';
import { FormBar } from '@/components/ui/form-bar';
import { Input } from '@/components/ui/input';
import { ErrorState } from '@/components/ui/states';
import { toast } from '@/components/ui/toaster';
import type { Combo } from '@/lib/api';
import { navigate } from '@/lib/router';
import { useAct } from '@/lib/query';
import { checkName, checkSteps, countChanges, draftOf, freeName, modelOf, sameCombo, stepsOf, type Draft, type Written } from '../draft';
import { Changed } from './changed';
import { useNameWords } from './name-words';
import { Outcome } from './outcome';
import { Steps } from './steps';
import { Templates } from './templates';

interface ComboFormProps {
  /** What the gateway has; null = nothing yet. */
  stored: Combo | null;
  combos: readonly Combo[];
  /** Saving was refused because the gateway has a newer one. */
  onConflict: () => void;
}

/** The whole editor on one page: name, steps, and beside them what a request
 * would do right now. */
export function ComboForm({ stored, combos, onConflict }: ComboFormProps) {
  const { t } = useTranslation('combos');
  const nameWords = useNameWords();
  // What the draft started from. It follows the gateway as long as nothing was
  // changed here; afterwards a difference is shown, never merged by itself.
  const [base, setBase] = useState(stored);
  const [draft, setDraft] = useState<Draft>(() => draftOf(stored));
  const [tried, setTried] = useState(false);
  const [adding, setAdding] = useState(stored === null);
  const [finished, setFinished] = useState(false);
  const create = useAct('Combos.Create');
  const update = useAct('Combos.Update');
  useHeading(stored?.name ?? t('new'), '#/combos');

  const changes = finished ? 0 : countChanges(base, draft);
  if (stored && base && !sameCombo(stored, base) && (changes === 0 || sameCombo(stored, { ...base, name: draft.name.trim(), models: draft.steps.map((step) => step.written) }))) {
    setBase(stored);
    setDraft(draftOf(stored));
  }
  const elsewhere = stored !== null && base !== null && !sameCombo(stored, base) && changes > 0 && !update.isPending;

  useEffect(() => {
    if (finished) navigate('/combos');
  }, [finished]);

  const others = combos.filter((combo) => combo.id !== stored?.id);
  const models = draft.steps.map((step) => modelOf(step.written));
  const nameFault = checkName(
    draft.name,
    others.map((combo) => combo.name),
  );
  const stepsFault = checkSteps(models, [stored?.name ?? '', draft.name.trim()].filter(Boolean), others);
  const { error, isPending } = stored ? update : create;

  const save = () => {
    setTried(true);
    if (nameFault !== null || stepsFault !== null) return;
    const name = draft.name.trim();
    const written = draft.steps.map((step) => step.written);
    if (stored) {
      update.mutate(
        { id: stored.id, name, models: written, ifUpdatedAt: (base ?? stored).updatedAt },
        {
          onSuccess: ({ combo }) => {
            setBase(combo);
            setDraft(draftOf(combo));
            setTried(false);
            toast.say(t('saved', { name }));
          },
          onError: (refusal) => {
            if (refusal.kind === 'conflict') onConflict();
          },
        },
      );
    } else {
      create.mutate(
        { name, models: written },
        {
          onSuccess: () => {
            setFinished(true);
            toast.say(t('saved', { name }));
          },
        },
      );
    }
  };
  const revert = () => {
    setDraft(draftOf(base));
    setTried(false);
    update.reset();
    create.reset();
  };
  const start = (name: string, list: readonly Written[]) => {
    setAdding(false);
    setDraft((before) => ({
      name:
        before.name.trim() === ''
          ? freeName(
              name,
              combos.map((combo) => combo.name),
            )
          : before.name,
      steps: stepsOf(list),
    }));
  };

  return (
    <Page className="max-w-page">
      {elsewhere && (
        <Changed
          theirs={stored}
          draft={draft}
          onTake={() => {
            setBase(stored);
            setDraft(draftOf(stored));
          }}
          onKeep={() => setBase(stored)}
        />
      )}
      <div className="grid min-w-0 items-start gap-card md:grid-cols-[minmax(0,1fr)_minmax(300px,380px)]">
        <div className="flex min-w-0 flex-col gap-card">
          {stored === null && draft.steps.length === 0 && <Templates onChoose={start} />}
          <Card>
            <Field label={t('name.label')} help={t('name.help')} error={(tried || draft.name !== (base?.name ?? '')) && nameFault !== null && (tried || draft.name !== '') ? nameWords(nameFault) : undefined} className="mb-5 max-w-form">
              <Input code value={draft.name} onChange={(event) => setDraft((before) => ({ ...before, name: event.target.value }))} />
            </Field>
            <h2 className="m-0 mb-1 text-card">{t('steps.title')}</h2>
            <Steps
              steps={draft.steps}
              ownName={stored?.name}
              adding={adding}
              onAdding={setAdding}
              fault={stepsFault !== null && (tried || stepsFault.code !== 'missing') ? t(`steps.${stepsFault.code}`, { name: stepsFault.name, n: stepsFault.n }) : undefined}
              onChange={(steps) => setDraft((before) => ({ ...before, steps }))}
            />
          </Card>
        </div>
        <Outcome models={models} name={stored?.name} />
      </div>
      {error && error.kind !== 'conflict' && <ErrorState error={error} className="rounded-card border border-border bg-surface px-4" />}
      {error?.kind === 'conflict' && !elsewhere && <ErrorState error={error} className="rounded-card border border-border bg-surface px-4" />}
      <FormBar changes={changes} onRevert={revert} onSave={save} saving={isPending} />
    </Page>
  );
}
