import { CircleX, CornerDownRight } from 'lucide-react';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { ModelChip } from '@/components/model-chip';
import type { Column } from '@/components/ui/data-table';
import { Mark } from '@/components/ui/status-badge';
import { Code } from '@/components/ui/text';
import type { CallLog } from '@/lib/api';
import { agentName, useFormat } from '@/lib/format';

/** Columns that are off until someone wants them. */
export const hiddenAtFirst = ['key', 'combo', 'first', 'status', 'path'];

export function useColumns(): readonly Column<CallLog>[] {
  const { t } = useTranslation('logs');
  const format = useFormat();
  return useMemo(
    (): Column<CallLog>[] => [
      { id: 'time', header: t('column.time'), width: '92px', cell: (row) => <Time at={row.time} /> },
      { id: 'tool', header: t('column.tool'), cell: (row) => <Tool agent={row.agent} /> },
      { id: 'key', header: t('column.key'), cell: (row) => (row.apiKey === '' ? <span className="text-text-3">{t('anonymous')}</span> : row.apiKey) },
      { id: 'asked', header: t('column.asked'), cell: (row) => <ModelChip model={row.requestedModel} className="max-w-56" /> },
      { id: 'combo', header: t('column.combo'), cell: (row) => row.combo },
      { id: 'answered', header: t('column.answered'), cell: (row) => <Answered row={row} /> },
      { id: 'tokens', header: t('column.tokens'), align: 'end', cell: (row) => <TokenPair row={row} /> },
      { id: 'cost', header: t('column.cost'), align: 'end', cell: (row) => <Cost row={row} /> },
      { id: 'first', header: t('column.first'), align: 'end', cell: (row) => (row.ttftMs > 0 ? format.duration(row.ttftMs) : '—') },
      { id: 'took', header: t('column.took'), align: 'end', cell: (row) => format.duration(row.totalMs) },
      { id: 'status', header: t('column.status'), align: 'end', cell: (row) => String(row.status) },
      { id: 'path', header: t('column.path'), cell: (row) => <Code className="text-text-2">{row.path}</Code> },
    ],
    [t, format],
  );
}

/** A request on a phone: who answered what, then the figures. */
export function LogCard({ row }: { row: CallLog }) {
  const format = useFormat();
  return (
    <span className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-3 gap-y-1 text-small">
      <span className="flex min-w-0 items-center">
        <Answered row={row} />
      </span>
      <span className="justify-self-end">
        <Time at={row.time} />
      </span>
      <span className="flex min-w-0 items-baseline gap-1.5 text-text-2">
        <ModelChip model={row.requestedModel} className="max-w-32 shrink-0" />
        <span className="min-w-0 truncate">
          <Tool agent={row.agent} />
        </span>
      </span>
      <span className="figures flex gap-2 justify-self-end text-text-2">
        <Cost row={row} />
        {format.duration(row.totalMs)}
      </span>
    </span>
  );
}

function Time({ at }: { at: string }) {
  const format = useFormat();
  return (
    <time dateTime={at} title={format.full(at)} className="figures whitespace-nowrap text-text-2">
      {format.stamp(at)}
    </time>
  );
}

function Tool({ agent }: { agent: string }) {
  if (agent === '') return <span className="text-text-3">—</span>;
  return (
    <span title={agent} dir="ltr" className="inline-block max-w-40 truncate align-bottom">
      {agentName(agent)}
    </span>
  );
}

function Answered({ row }: { row: CallLog }) {
  const { t } = useTranslation('logs');
  const hops = row.attempts - 1;
  if (row.kind !== '') {
    return (
      <Mark tone="bad" icon={CircleX}>
        {t('failed', { status: row.status })}
      </Mark>
    );
  }
  return (
    <span className="inline-flex min-w-0 max-w-full items-center gap-1.5">
      <ModelChip model={row.answeredBy} className="max-w-56" />
      {hops > 0 && (
        <span title={t('hops', { count: hops })} className="figures inline-flex shrink-0 items-center gap-0.5 text-warn">
          <CornerDownRight size={14} strokeWidth={1.75} aria-hidden className="mirror" />
          <span aria-hidden>{hops}</span>
          <span className="sr-only">{t('hops', { count: hops })}</span>
        </span>
      )}
    </span>
  );
}

function TokenPair({ row }: { row: CallLog }) {
  const format = useFormat();
  const basis = row.estimated ? 'estimated' : 'exact';
  if (row.tokens.input === 0 && row.tokens.output === 0) return <span className="text-text-3">—</span>;
  return (
    <span title={`${format.count(row.tokens.input)} / ${format.count(row.tokens.output)}`}>
      {format.tokens(row.tokens.input, basis)} / {format.tokens(row.tokens.output, basis)}
    </span>
  );
}

function Cost({ row }: { row: CallLog }) {
  const { t } = useTranslation('common');
  const format = useFormat();
  if (row.costMicros !== null) return <span>{format.money(row.costMicros, row.estimated ? 'estimated' : 'exact')}</span>;
  return <span className="text-text-3">{row.kind === '' ? t('money.unpriced') : '—'}</span>;
}
