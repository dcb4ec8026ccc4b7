import { TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ModelChip } from '@/components/model-chip';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/overlay';
import type { Combo } from '@/lib/api';
import { modelOf, type Draft } from '../draft';

interface ChangedProps {
  theirs: Combo;
  draft: Draft;
  onTake: () => void;
  onKeep: () => void;
}

/** Someone else saved this combo while it is being edited here: both are shown
 * and the person decides. */
export function Changed({ theirs, draft, onTake, onKeep }: ChangedProps) {
  const { t } = useTranslation('combos');
  const [open, setOpen] = useState(false);
  return (
    <div role="status" className="flex flex-wrap items-center gap-3 rounded-card bg-warn-soft px-4 py-2">
      <TriangleAlert size={16} strokeWidth={1.75} aria-hidden className="text-warn" />
      <span className="min-w-0 grow text-body">{t('changed.text')}</span>
      <Button size="sm" onClick={() => setOpen(true)}>
        {t('changed.compare')}
      </Button>
      <Dialog
        open={open}
        onOpenChange={setOpen}
        title={t('changed.title', { name: theirs.name })}
        footer={
          <>
            <Button
              onClick={() => {
                setOpen(false);
                onTake();
              }}
            >
              {t('changed.takeTheirs')}
            </Button>
            <Button
              look="primary"
              onClick={() => {
                setOpen(false);
                onKeep();
              }}
            >
              {t('changed.keepYours')}
            </Button>
          </>
        }
      >
        <div className="grid gap-4 sm:grid-cols-2">
          <Version title={t('changed.theirs')} name={theirs.name} models={theirs.models.map(modelOf)} />
          <Version title={t('changed.yours')} name={draft.name} models={draft.steps.map((step) => modelOf(step.written))} />
        </div>
      </Dialog>
    </div>
  );
}

function Version({ title, name, models }: { title: string; name: string; models: readonly string[] }) {
  return (
    <section className="min-w-0">
      <h3 className="m-0 mb-1 text-body">{title}</h3>
      <p dir="ltr" className="m-0 mb-2 truncate text-body text-text-2">
        {name}
      </p>
      <ol className="m-0 flex list-decimal flex-col gap-1 ps-5 text-small text-text-3">
        {models.map((model, i) => (
          <li key={`${i}:${model}`}>
            <ModelChip model={model} />
          </li>
        ))}
      </ol>
    </section>
  );
}
