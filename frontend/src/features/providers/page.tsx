import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { choiceOf, ConnectDialog, Picker, ReplaceKeyDialog, type Choice } from '@/components/connect';
import { Page } from '@/components/page';
import { Card } from '@/components/ui/card';
import { ErrorState, Skeleton } from '@/components/ui/states';
import type { Connection } from '@/lib/api';
import { useVerb } from '@/lib/query';
import { useParams, useSearch } from '@/lib/router';
import { useAccountActions } from './actions';
import { Detail } from './parts/detail';
import { List } from './parts/list';
import { RenameDialog } from './parts/rename-dialog';
import { upstreamsOf } from './upstreams';

/** The accounts there are and how each one does. `?add` opens the dialog that
 * connects one, `?add=groq` at that provider, so every page can lead here. */
export function ProvidersPage() {
  const { t } = useTranslation('providers');
  const { id, tab } = useParams();
  const [search, setSearch] = useSearch();
  const list = useVerb('Providers.List');
  const nodes = useVerb('Nodes.List');
  const catalog = useVerb('Providers.Catalog');
  const cooldowns = useVerb('Resilience.Get').data?.cooldowns ?? [];
  const actions = useAccountActions();
  const [renamed, setRenamed] = useState<Connection | null>(null);
  const [keyed, setKeyed] = useState<Connection | null>(null);
  const [picked, setPicked] = useState<Choice | null>(null);

  const entries = catalog.data?.entries ?? [];
  const wanted = search.get('add');
  const entry = entries.find((one) => one.id === wanted);
  const start = picked ?? (entry && choiceOf(entry));
  const adding = picked !== null || (wanted !== null && (wanted === '' || wanted === 'any' || entry !== undefined));
  const add = (provider = 'any') => setSearch({ add: provider });
  const upstreams = upstreamsOf(list.data?.connections ?? [], nodes.data?.nodes ?? [], entries);
  const handlers = { actions, cooldowns, onRename: setRenamed, onKey: setKeyed };
  const loaded = list.data !== undefined && nodes.data !== undefined;
  const error = list.error ?? nodes.error;

  return (
    <Page>
      {error && !loaded && (
        <Card>
          <ErrorState error={error} onRetry={() => void Promise.all([list.refetch(), nodes.refetch()])} />
        </Card>
      )}
      {!error && !loaded && (
        <Card>
          <div aria-busy>
            <Skeleton lines={6} />
          </div>
        </Card>
      )}
      {loaded && id !== undefined && <Detail id={id} tab={tab} upstreams={upstreams} entries={entries} known={catalog.data !== undefined} handlers={handlers} onAdd={add} />}
      {loaded && id === undefined && upstreams.length > 0 && <List upstreams={upstreams} busy={list.isFetching} handlers={handlers} onAdd={() => add()} />}
      {loaded && id === undefined && upstreams.length === 0 && (
        <Card title={t('empty.title')}>
          <p className="mt-0 mb-4 text-text-2">{t('empty.text')}</p>
          <Picker onChoose={setPicked} onDone={() => undefined} />
        </Card>
      )}
      <ConnectDialog
        key={wanted ?? ''}
        open={adding}
        start={start}
        onClose={() => {
          setPicked(null);
          if (wanted !== null) setSearch({ add: null });
        }}
      />
      <RenameDialog account={renamed} onClose={() => setRenamed(null)} />
      <ReplaceKeyDialog account={keyed} keyUrl={entries.find((one) => one.id === keyed?.provider)?.keyUrl} onClose={() => setKeyed(null)} />
    </Page>
  );
}
