import { Ban, CircleCheck, Clock, Ellipsis } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { IconButton } from '@/components/ui/button';
import { DataTable, type Column, type Sort } from '@/components/ui/data-table';
import { Menu, MenuItem, MenuLine, MenuLink } from '@/components/ui/menu';
import { Mark } from '@/components/ui/status-badge';
import { Code } from '@/components/ui/text';
import { toast } from '@/components/ui/toaster';
import type { Key } from '@/lib/api';
import { useFormat } from '@/lib/format';
import { useAct } from '@/lib/query';

interface KeyTableProps {
  keys: readonly Key[];
  busy: boolean;
  onEdit: (key: Key) => void;
  onRotate: (key: Key) => void;
}

export function KeyTable({ keys, onEdit, onRotate }: KeyTableProps) {
  const { t } = useTranslation(['keys', 'common']);
  const format = useFormat();
  const columns = useMemo(
    (): Column<Key>[] => [
      { id: 'name', header: t('column.name'), cell: (key) => <span className="font-medium">{key.name}</span>, sortBy: (key) => key.name.toLowerCase() },
      { id: 'key', header: t('column.key'), cell: (key) => <Code className="text-text-2">{key.masked}</Code> },
      { id: 'used', header: t('column.used'), sortBy: (key) => (key.lastUsedAt === undefined ? 0 : Date.parse(key.lastUsedAt)), cell: (key) => (key.lastUsedAt === undefined ? <span className="text-text-3">{t('never')}</span> : <time dateTime={key.lastUsedAt} title={format.full(key.lastUsedAt)}>{format.when(key.lastUsedAt)}</time>) },
      { id: 'month', header: t('column.month'), align: 'end', sortBy: (key) => key.month.spentMicros, cell: (key) => <Month of={key} /> },
      { id: 'may', header: t('column.may'), cell: (key) => <May models={key.allowedModels} /> },
      { id: 'expires', header: t('column.expires'), cell: (key) => (key.expiresAt === null ? <span className="text-text-3">{t('never')}</span> : <time dateTime={key.expiresAt} title={format.full(key.expiresAt)}>{format.when(key.expiresAt)}</time>) },
      { id: 'state', header: t('column.state'), cell: (key) => <State of={key} /> },
      { id: 'menu', header: '', align: 'end', width: '48px', cell: (key) => <RowMenu of={key} onEdit={onEdit} onRotate={onRotate} /> },
    ],
    [t, format, onEdit, onRotate],
  );
  const [sort, setSort] = useState<Sort | null>(null);
  const hidden = keys.some((key) => key.expiresAt !== null) ? [] : ['expires'];
  return (
    <DataTable
      label={t('table')}
      rows={keys}
      rowId={(key) => key.id}
      columns={columns}
      hidden={hidden}
      sort={sort}
      onSort={setSort}
      card={(key) => (
        <div className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-3 gap-y-1">
          <span className="min-w-0 truncate font-medium">{key.name}</span>
          <span className="flex items-center gap-1">
            <State of={key} />
            <RowMenu of={key} onEdit={onEdit} onRotate={onRotate} />
          </span>
          <Code className="min-w-0 truncate text-text-2">{key.masked}</Code>
          <span className="text-end text-small">
            <Month of={key} />
          </span>
          <span className="flex min-w-0 text-small text-text-2">
            <May models={key.allowedModels} />
          </span>
          <span className="text-end text-small text-text-2">{key.lastUsedAt === undefined ? t('never') : format.when(key.lastUsedAt)}</span>
        </div>
      )}
    />
  );
}

function Month({ of }: { of: Key }) {
  const { t } = useTranslation('keys');
  const format = useFormat();
  if (of.month.requests === 0) return <span className="text-text-3">—</span>;
  const parts = [t('tokens', { tokens: format.count(of.month.tokens) }), of.month.unpriced > 0 && t('noPrice', { count: of.month.unpriced })];
  return <span title={parts.filter(Boolean).join(' · ')}>{format.money(of.month.spentMicros, of.month.unpriced > 0 && of.month.spentMicros === 0 ? 'unknown' : 'exact')}</span>;
}

function May({ models }: { models: readonly string[] }) {
  const { t } = useTranslation('keys');
  if (models.length === 0) return <span className="text-text-2">{t('everything')}</span>;
  return (
    <span title={models.join(', ')} className="inline-flex min-w-0 max-w-60 items-baseline gap-1">
      <Code className="min-w-0 truncate">{models.slice(0, 2).join(', ')}</Code>
      {models.length > 2 && <span className="shrink-0 text-text-3">+{models.length - 2}</span>}
    </span>
  );
}

function State({ of }: { of: Key }) {
  const { t } = useTranslation('keys');
  const expired = of.expiresAt !== null && new Date(of.expiresAt) <= new Date();
  if (of.disabled) return <Mark tone="off" icon={Ban}>{t('state.off')}</Mark>;
  if (expired) return <Mark tone="bad" icon={Clock}>{t('state.expired')}</Mark>;
  return <Mark tone="ok" icon={CircleCheck}>{t('state.active')}</Mark>;
}

function RowMenu({ of, onEdit, onRotate }: { of: Key; onEdit: (key: Key) => void; onRotate: (key: Key) => void }) {
  const { t } = useTranslation(['keys', 'common']);
  const update = useAct('Keys.Update');
  const remove = useAct('Keys.Delete');
  const restore = useAct('Keys.Restore');
  const turn = async (disabled: boolean) => {
    await update.mutateAsync({ id: of.id, disabled });
    toast.undo(t(disabled ? 'turnedOff' : 'turnedOn', { name: of.name }), () => update.mutateAsync({ id: of.id, disabled: !disabled }));
  };
  const erase = async () => {
    await remove.mutateAsync({ id: of.id });
    toast.undo(t('deleted', { name: of.name }), () => restore.mutateAsync({ id: of.id }));
  };
  return (
    <Menu
      label={t('common:menuFor', { name: of.name })}
      trigger={<IconButton label={t('common:menuFor', { name: of.name })} icon={<Ellipsis size={16} strokeWidth={1.75} aria-hidden />} tooltip={false} />}
    >
      <MenuItem onSelect={() => onEdit(of)}>{t('menu.edit')}</MenuItem>
      <MenuItem onSelect={() => onRotate(of)}>{t('menu.rotate')}</MenuItem>
      <MenuLink href={`#/logs/requests?key=${encodeURIComponent(of.id)}`}>{t('menu.requests')}</MenuLink>
      <MenuItem onSelect={() => void turn(!of.disabled).catch(toast.failed)}>{t(of.disabled ? 'menu.on' : 'menu.off')}</MenuItem>
      <MenuLine />
      <MenuItem danger onSelect={() => void erase().catch(toast.failed)}>
        {t('common:delete')}
      </MenuItem>
    </Menu>
  );
}
