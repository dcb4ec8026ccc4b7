import { Plus, Trash2 } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFaultText } from '@/components/fault-text';
import { Toolbar } from '@/components/page';
import { Button, IconButton } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { CopyButton } from '@/components/ui/copy-button';
import { DataTable, type Column, type Sort } from '@/components/ui/data-table';
import { SearchInput } from '@/components/ui/input';
import { EmptyState, ErrorState, Skeleton } from '@/components/ui/states';
import { Mark } from '@/components/ui/status-badge';
import { toast } from '@/components/ui/toaster';
import { Code } from '@/components/ui/text';
import { call, type ApiFault, type ModelTest, type ProviderModel } from '@/lib/api';
import { useFormat } from '@/lib/format';
import { useVerb } from '@/lib/query';
import { useSearch } from '@/lib/router';
import type { Upstream } from '../upstreams';
import { AddModelDialog } from './add-model';
import { TestCell } from './model-test';

/** Every model of a provider: what its accounts list, what the catalogue knows
 * and what the person added. */
export function ModelsTab({ upstream }: { upstream: Upstream }) {
  const { t } = useTranslation('providers');
  const format = useFormat();
  const say = useFaultText();
  const [search, setSearch] = useSearch();
  const [sort, setSort] = useState<Sort | null>(null);
  const [adding, setAdding] = useState(false);
  const [tests, setTests] = useState<Readonly<Record<string, ModelTest | 'running'>>>({});
  const { data, error, refetch, isFetching } = useVerb('Models.ListOf', { provider: upstream.id });
  const text = (search.get('q') ?? '').toLowerCase();
  const rows = useMemo(() => (data?.models ?? []).filter((model) => `${model.id} ${model.name}`.toLowerCase().includes(text)), [data, text]);
  const can = upstream.accounts.some((account) => account.isActive);

  const test = async (model: ProviderModel) => {
    setTests((now) => ({ ...now, [model.id]: 'running' }));
    let result: ModelTest;
    try {
      result = await call('Models.Test', { model: model.id });
    } catch (fault) {
      result = { model: model.id, status: 'error', latencyMs: 0, error: (fault as ApiFault).message };
    }
    setTests((now) => ({ ...now, [model.id]: result }));
  };
  const remove = async (model: ProviderModel) => {
    const what = { provider: upstream.id, model: model.model };
    try {
      await call('Models.RemoveCustom', what);
    } catch (fault) {
      toast.say(say(fault as ApiFault));
      return;
    }
    toast.undo(t('toast.modelRemoved', { model: model.id }), () => call('Models.RestoreCustom', what));
    await refetch();
  };
  const actions = (model: ProviderModel) => (
    <span className="flex items-center justify-end gap-1">
      {model.type === 'chat' && can && <TestCell model={model.id} state={tests[model.id]} onTest={() => void test(model)} />}
      {model.custom && <IconButton size="sm" label={t('models.removeName', { model: model.id })} icon={<Trash2 size={16} strokeWidth={1.75} aria-hidden />} onClick={() => void remove(model)} />}
    </span>
  );
  const id = (model: ProviderModel) => (
    <span className="flex min-w-0 items-center gap-1">
      <Code className="min-w-0">{model.id}</Code>
      <CopyButton iconOnly size="sm" text={model.id} label={t('models.copyName', { model: model.id })} />
      {model.custom && <Mark tone="accent">{t('models.custom')}</Mark>}
    </span>
  );
  const columns: Column<ProviderModel>[] = [
    { id: 'id', header: t('models.model'), cell: id, sortBy: (model) => model.id },
    { id: 'name', header: t('models.name'), cell: (model) => model.name, sortBy: (model) => model.name },
    { id: 'type', header: t('models.type'), cell: (model) => kindOf(model.type, t), width: '7rem', sortBy: (model) => model.type },
    { id: 'context', header: t('models.context'), align: 'end', cell: (model) => format.tokens(model.contextLength), width: '7rem', sortBy: (model) => model.contextLength },
    { id: 'output', header: t('models.output'), align: 'end', cell: (model) => format.tokens(model.maxOutput), width: '8rem', sortBy: (model) => model.maxOutput },
    { id: 'test', header: t('models.result'), align: 'end', cell: actions, width: '16rem' },
  ];
  const card = (model: ProviderModel) => (
    <div className="flex min-w-0 flex-col gap-1">
      {id(model)}
      <span className="flex flex-wrap items-center gap-x-3 text-small text-text-2">
        <span className="min-w-0 grow">{model.name}</span>
        {actions(model)}
      </span>
    </div>
  );

  return (
    <>
      <Toolbar>
        <SearchInput label={t('models.search')} value={search.get('q') ?? ''} onChange={(q) => setSearch({ q })} className="flex-[1_1_14rem] sm:max-w-80" />
        <Button className="ms-auto" aria-haspopup="dialog" onClick={() => setAdding(true)}>
          <Plus size={16} strokeWidth={1.75} aria-hidden />
          {t('models.add')}
        </Button>
      </Toolbar>
      {error && data === undefined && (
        <Card>
          <ErrorState error={error} onRetry={() => void refetch()} />
        </Card>
      )}
      {!error && data === undefined && (
        <Card busy={isFetching}>
          <Skeleton lines={8} />
        </Card>
      )}
      {data !== undefined && data.readAt === undefined && data.models.length > 0 && upstream.accounts.length > 0 && <p className="m-0 text-small text-text-2">{t('models.fromCatalogue')}</p>}
      {data !== undefined && rows.length === 0 && (
        <Card>
          {text === '' ? (
            <EmptyState text={t('models.empty')} />
          ) : (
            <EmptyState
              text={t('models.noMatch')}
              action={
                <Button onClick={() => setSearch({ q: null })}>
                  <ClearWord />
                </Button>
              }
            />
          )}
        </Card>
      )}
      {rows.length > 0 && <DataTable label={t('models.table', { provider: upstream.name })} rows={rows} rowId={(model) => model.id} columns={columns} sort={sort} onSort={setSort} card={card} />}
      <AddModelDialog open={adding} upstream={upstream} onClose={() => setAdding(false)} onAdded={() => void refetch()} />
    </>
  );
}

function ClearWord() {
  return useTranslation('common').t('clearFilters');
}

const kinds = ['chat', 'embedding', 'image', 'transcription', 'speech', 'moderation', 'rerank'] as const;

function kindOf(type: string, t: ReturnType<typeof useTranslation<'providers'>>['t']): string {
  const kind = kinds.find((one) => one === type);
  return kind === undefined ? type : t(`models.kind.${kind}`);
}
