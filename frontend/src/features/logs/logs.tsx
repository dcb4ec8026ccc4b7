import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Page, Toolbar } from '@/components/page';
import { Button } from '@/components/ui/button';
import { CopyButton } from '@/components/ui/copy-button';
import { DataTable } from '@/components/ui/data-table';
import { SearchInput } from '@/components/ui/input';
import { EmptyState, ErrorState, Skeleton } from '@/components/ui/states';
import { call, type CallLog } from '@/lib/api';
import { navigate, useParams, useSearch, useSearchText } from '@/lib/router';
import { LogCard, useColumns } from './columns';
import { filtersOf, isFiltered, readTokens } from './filters';
import { Chips } from './parts/chips';
import { ColumnsMenu, useHiddenColumns } from './parts/columns-menu';
import { ExportMenu } from './parts/export-menu';
import { FilterMenu } from './parts/filter-menu';
import { LiveSwitch } from './parts/live-switch';
import { RequestSheet } from './parts/request-sheet';
import { useAtRest } from './at-rest';
import { useCalls } from './queries';

/** Find one request and understand it. */
export function Logs() {
  const { t } = useTranslation(['logs', 'common']);
  const { id } = useParams();
  const address = useSearchText();
  const [search, setSearch] = useSearch();
  const filters = useMemo(() => filtersOf(new URLSearchParams(address)), [address]);
  const { list, rows, waiting, many, showWaiting, more, partial } = useCalls(filters);
  const columns = useColumns();
  const [hidden, setHidden] = useHiddenColumns();
  const live = search.get('live') !== 'off';
  const { atRest, watch } = useAtRest();

  // Live rows come in by themselves only while nobody reads: the list stands
  // at its top, no sheet is open, and neither pointer nor focus is on a row.
  const flow = live && atRest && id === undefined && waiting.length > 0;
  useEffect(() => {
    if (flow) showWaiting();
  }, [flow, showWaiting]);

  const place = useCallback((request: string | undefined) => `/logs/requests${request === undefined ? '' : `/${request}`}${address === '' ? '' : `?${address}`}`, [address]);
  const open = useCallback((row: CallLog) => navigate(place(row.id), { replace: id !== undefined }), [place, id]);
  const settle = () => {
    const { found, rest } = readTokens(filters.q);
    if (Object.keys(found).length > 0) setSearch({ ...found, q: rest });
  };
  const at = rows.findIndex((row) => row.id === id);
  const step = (by: number) => {
    const next = rows[at + by];
    if (next) open(next);
    if (at + by >= rows.length - 5) more();
  };
  const empty = list.data !== undefined && rows.length === 0;

  return (
    <Page>
      <Toolbar>
        <form
          className="min-w-0 grow basis-64"
          onSubmit={(event) => {
            event.preventDefault();
            settle();
          }}
          onBlur={settle}
        >
          <SearchInput label={t('search')} placeholder={t('searchHint')} value={filters.q} onChange={(q) => setSearch({ q })} />
        </form>
        <FilterMenu filters={filters} onChange={setSearch} />
        <ColumnsMenu columns={columns} hidden={hidden} onChange={setHidden} />
        <LiveSwitch on={live} onChange={(on) => setSearch({ live: on ? null : 'off' })} />
        <ExportMenu filters={filters} />
      </Toolbar>
      <Chips filters={filters} onRemove={(name) => setSearch({ [name]: null })} />
      {list.error && rows.length === 0 && <ErrorState error={list.error} onRetry={() => void list.refetch()} />}
      {list.data === undefined && !list.error && <Skeleton lines={8} />}
      {empty && !isFiltered(filters) && <EmptyState text={t('empty')} action={<CopyButton look="primary" label={t('copyEndpoint')} text={endpoint} />} className="rounded-card border border-border bg-surface" />}
      {empty && isFiltered(filters) && (
        <EmptyState text={t('noMatch')} action={<Button onClick={() => navigate('/logs/requests', { replace: true })}>{t('common:clearFilters')}</Button>} className="rounded-card border border-border bg-surface" />
      )}
      {rows.length > 0 && (
        <div className="relative" {...watch}>
          {waiting.length > 0 && !flow && (
            <div className="pointer-events-none absolute inset-x-0 top-11 z-sticky flex justify-center max-sm:sticky max-sm:top-16">
              <Button look="primary" size="sm" onClick={showWaiting} className="pointer-events-auto rounded-full shadow-pop">
                {many ? `${t('showNew', { count: waiting.length })} +` : t('showNew', { count: waiting.length })}
              </Button>
            </div>
          )}
          <DataTable label={t('table')} rows={rows} rowId={(row) => row.id} columns={columns} hidden={hidden} onOpen={open} openId={id ?? null} onEnd={more} {...(list.hasNextPage ? { total: null } : {})} card={(row) => <LogCard row={row} />} />
        </div>
      )}
      {partial && <p className="m-0 text-small text-text-2">{t('partial')}</p>}
      <Announce waiting={waiting} />
      {id !== undefined && <RequestSheet id={id} onClose={() => navigate(place(undefined), { replace: true })} onNewer={at > 0 ? () => step(-1) : undefined} onOlder={at >= 0 && at < rows.length - 1 ? () => step(1) : undefined} />}
    </Page>
  );
}

async function endpoint(): Promise<string> {
  const status = await call('System.Status');
  return status.endpoint;
}

/** At most one sentence in ten seconds for who does not see the button. */
function Announce({ waiting }: { waiting: readonly CallLog[] }) {
  const { t } = useTranslation('logs');
  const [said, setSaid] = useState('');
  const latest = useRef(waiting);
  const some = waiting.length > 0;
  useEffect(() => {
    latest.current = waiting;
  }, [waiting]);
  useEffect(() => {
    if (!some) return undefined;
    const speak = () => setSaid(t('said', { count: latest.current.length, failed: latest.current.filter((row) => row.kind !== '').length }));
    const timer = setInterval(speak, 10_000);
    return () => clearInterval(timer);
  }, [some, t]);
  return (
    <span role="status" className="sr-only">
      {some ? said : ''}
    </span>
  );
}
