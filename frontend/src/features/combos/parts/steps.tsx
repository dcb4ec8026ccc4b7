import { ArrowDown, ArrowUp, Ellipsis, Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ModelChip } from '@/components/model-chip';
import { ModelPicker } from '@/components/model-picker';
import { Button, IconButton } from '@/components/ui/button';
import { Menu, MenuItem, MenuLine, MenuLink } from '@/components/ui/menu';
import { SortableList } from '@/components/ui/sortable-list';
import { modelOf, withStep, type Step } from '../draft';
import { StepStanding } from './step-standing';

interface StepsProps {
  steps: readonly Step[];
  /** A combo is not offered as its own step. */
  ownName: string | undefined;
  /** The list of models is open. */
  adding: boolean;
  onAdding: (adding: boolean) => void;
  fault: string | undefined;
  onChange: (steps: readonly Step[]) => void;
}

/** The models in the order they are asked, and the list to add more. */
export function Steps({ steps, ownName, adding, onAdding, fault, onChange }: StepsProps) {
  const { t } = useTranslation('combos');
  const [said, setSaid] = useState('');
  const items = steps.map((step) => ({ id: step.key, name: modelOf(step.written), step }));
  const models = items.map((item) => item.name);
  const add = (model: string) => {
    onChange(withStep(steps, model));
    setSaid(t('steps.added', { name: model, n: steps.length + 1 }));
  };
  const remove = (at: number) => {
    onChange(steps.filter((_, i) => i !== at));
    setSaid(t('steps.removed', { name: models[at] ?? '' }));
  };
  const reorder = (keys: readonly string[]) => onChange(keys.map((key) => steps.find((step) => step.key === key)).filter((step) => step !== undefined));
  const move = (at: number, by: number) => {
    const next = [...steps];
    const [step] = next.splice(at, 1);
    if (step) next.splice(at + by, 0, step);
    onChange(next);
  };
  return (
    <>
      {steps.length === 0 ? (
        <p className="m-0 py-2 text-body text-text-2">{t('steps.empty')}</p>
      ) : (
        <>
          <p className="m-0 mb-1 text-small text-text-2">{t('steps.rule')}</p>
          <SortableList label={t('steps.title')} items={items} onReorder={reorder} className="flex flex-col divide-y divide-border [&>li]:rounded-none">
            {(item, index) => (
              <div className="flex min-w-0 items-center gap-2 py-1">
                <span className="figures w-5 shrink-0 text-end text-small text-text-3">{index + 1}</span>
                <span className="flex min-w-0 grow flex-wrap items-center justify-between gap-x-3 gap-y-0.5">
                  <ModelChip model={item.name} wrap />
                  <StepStanding models={models} name={ownName} at={index} />
                </span>
                <StepMenu name={item.name} at={index} last={index === items.length - 1} onMove={(by) => move(index, by)} onRemove={() => remove(index)} />
              </div>
            )}
          </SortableList>
        </>
      )}
      {fault !== undefined && (
        <p role="alert" className="m-0 mt-1 text-small text-bad">
          {fault}
        </p>
      )}
      <span role="status" className="sr-only">
        {said}
      </span>
      <div className="mt-3 flex min-w-0 flex-col gap-2">
        {adding && <ModelPicker label={t('steps.add')} taken={models} without={ownName ?? ''} autoFocus={steps.length > 0} onPick={(model) => add(model)} className="max-h-80 min-h-32 overflow-hidden rounded-control border border-border-strong" />}
        {(!adding || steps.length > 0) && (
          <Button className="self-start" aria-expanded={adding} onClick={() => onAdding(!adding)}>
            {!adding && <Plus size={16} strokeWidth={1.75} aria-hidden />}
            {adding ? t('steps.addDone') : t('steps.add')}
          </Button>
        )}
      </div>
    </>
  );
}

interface StepMenuProps {
  name: string;
  at: number;
  last: boolean;
  onMove: (by: number) => void;
  onRemove: () => void;
}

function StepMenu({ name, at, last, onMove, onRemove }: StepMenuProps) {
  const { t } = useTranslation('combos');
  const label = t('steps.menu', { n: at + 1, name });
  const icon = { size: 16, strokeWidth: 1.75, 'aria-hidden': true } as const;
  return (
    <Menu label={label} trigger={<IconButton label={label} icon={<Ellipsis {...icon} />} tooltip={false} />}>
      {at > 0 && (
        <MenuItem icon={<ArrowUp {...icon} />} onSelect={() => onMove(-1)}>
          {t('steps.up')}
        </MenuItem>
      )}
      {!last && (
        <MenuItem icon={<ArrowDown {...icon} />} onSelect={() => onMove(1)}>
          {t('steps.down')}
        </MenuItem>
      )}
      <MenuLink href="#/providers">{t('steps.providers')}</MenuLink>
      <MenuLine />
      <MenuItem danger icon={<Trash2 {...icon} />} onSelect={onRemove}>
        {t('steps.remove')}
      </MenuItem>
    </Menu>
  );
}
