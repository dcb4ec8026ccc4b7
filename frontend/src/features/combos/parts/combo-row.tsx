import { ArrowRight, Ellipsis } from 'lucide-react';
import { Fragment } from 'react';
import { useTranslation } from 'react-i18next';
import { ModelChip } from '@/components/model-chip';
import { IconButton } from '@/components/ui/button';
import { Menu, MenuItem, MenuLine, MenuLink } from '@/components/ui/menu';
import { Mark } from '@/components/ui/status-badge';
import { TextLink } from '@/components/ui/text';
import { toast } from '@/components/ui/toaster';
import type { Combo, ComboUse } from '@/lib/api';
import { useFormat } from '@/lib/format';
import { useAct } from '@/lib/query';
import { freeName, modelOf } from '../draft';
import { Standing } from './standing';

/** So many models stand in the line; the rest is a figure. */
const chips = 4;

interface ComboRowProps {
  combo: Combo;
  combos: readonly Combo[];
  onRename: (combo: Combo) => void;
}

export function ComboRow({ combo, combos, onRename }: ComboRowProps) {
  const { t } = useTranslation('combos');
  const activate = useAct('Combos.Activate');
  const before = combos.find((one) => one.isActive);
  const choose = () =>
    activate.mutate(
      { id: combo.id },
      {
        onSuccess: () => {
          const words = t('nowActive', { name: combo.name });
          if (before && before.id !== combo.id) toast.undo(words, () => activate.mutateAsync({ id: before.id }));
          else toast.say(words);
        },
        onError: toast.failed,
      },
    );
  return (
    <li className="grid grid-cols-[auto_minmax(0,1fr)_auto] items-center gap-x-3 gap-y-1 px-card py-3 md:grid-cols-[auto_minmax(9rem,14rem)_minmax(0,1fr)_auto_auto]">
      <label className="grid size-6 place-items-center pointer-coarse:size-11">
        <span className="sr-only">{t('activate', { name: combo.name })}</span>
        <input type="radio" name="active-combo" checked={activate.isPending || (combo.isActive && !activate.isPending)} onChange={choose} className="m-0 size-4 accent-accent" />
      </label>
      <span className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-1">
        <TextLink href={`#/combos/${encodeURIComponent(combo.id)}`} className="min-w-0 truncate font-medium text-text no-underline hover:underline">
          <span dir="ltr" className="min-w-0 truncate">
            {combo.name}
          </span>
        </TextLink>
        {combo.isActive && <Mark tone="accent">{t('active')}</Mark>}
      </span>
      <span className="col-span-2 col-start-2 row-start-2 flex min-w-0 flex-col gap-1 md:col-span-1 md:col-start-3 md:row-start-1">
        <ModelsLine combo={combo} />
        <Standing combo={combo} />
      </span>
      {combo.use !== undefined && <Use use={combo.use} />}
      <RowMenu combo={combo} combos={combos} onRename={onRename} />
    </li>
  );
}

/** What the combo was asked for in the last 30 days; nothing when nobody did. */
function Use({ use }: { use: ComboUse }) {
  const { t } = useTranslation('combos');
  const format = useFormat();
  if (use.requests === 0) return null;
  const money = use.spentMicros === 0 ? null : format.money(use.spentMicros);
  return (
    <span title={t('use.days')} className="figures col-span-2 col-start-2 row-start-3 flex flex-wrap gap-x-3 text-small text-text-2 md:col-span-1 md:col-start-4 md:row-start-1 md:flex-col md:items-end">
      <span>{t('use.requests', { count: use.requests })}</span>
      <span>{[t('use.answered', { share: format.percent((use.requests - use.failed) / use.requests) }), money].filter((fact) => fact !== null).join(' · ')}</span>
    </span>
  );
}

function ModelsLine({ combo }: { combo: Combo }) {
  const { t } = useTranslation('combos');
  const models = combo.models.map(modelOf);
  return (
    <span title={models.join(' → ')} className="flex min-w-0 flex-wrap items-center gap-x-1.5 gap-y-0.5">
      {models.slice(0, chips).map((model, i) => (
        <Fragment key={`${i}:${model}`}>
          {i > 0 && <ArrowRight size={12} strokeWidth={1.75} aria-hidden className="mirror text-text-3" />}
          <ModelChip model={model} className="max-w-64" />
        </Fragment>
      ))}
      {models.length > chips && <span className="text-small text-text-3">{t('more', { n: models.length - chips })}</span>}
    </span>
  );
}

function RowMenu({ combo, combos, onRename }: ComboRowProps) {
  const { t } = useTranslation(['combos', 'common']);
  const create = useAct('Combos.Create');
  const remove = useAct('Combos.Delete');
  const restore = useAct('Combos.Restore');
  const label = t('common:menuFor', { name: combo.name });
  const duplicate = async () => {
    const name = freeName(
      t('copyName', { name: combo.name }),
      combos.map((one) => one.name),
    );
    const made = await create.mutateAsync({ name, models: combo.models, strategy: combo.strategy, config: combo.config });
    toast.undo(t('duplicated', { name }), () => remove.mutateAsync({ id: made.combo.id }));
  };
  const erase = async () => {
    await remove.mutateAsync({ id: combo.id });
    toast.undo(t('deleted', { name: combo.name }), () => restore.mutateAsync({ id: combo.id }));
  };
  return (
    <span className="col-start-3 row-start-1 md:col-start-5">
      <Menu label={label} trigger={<IconButton label={label} icon={<Ellipsis size={16} strokeWidth={1.75} aria-hidden />} tooltip={false} />}>
        <MenuLink href={`#/combos/${encodeURIComponent(combo.id)}`}>{t('common:edit')}</MenuLink>
        <MenuItem onSelect={() => onRename(combo)}>{t('menu.rename')}</MenuItem>
        <MenuItem onSelect={() => void duplicate().catch(toast.failed)}>{t('menu.duplicate')}</MenuItem>
        <MenuLine />
        <MenuItem danger onSelect={() => void erase().catch(toast.failed)}>
          {t('common:delete')}
        </MenuItem>
      </Menu>
    </span>
  );
}
