import { Plus } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Page, Toolbar } from '@/components/page';
import { Button } from '@/components/ui/button';
import { SearchInput } from '@/components/ui/input';
import { EmptyState, ErrorState, Skeleton } from '@/components/ui/states';
import type { Combo } from '@/lib/api';
import { useVerb } from '@/lib/query';
import { useSearch } from '@/lib/router';
import { ComboRow } from './parts/combo-row';
import { Rename } from './parts/rename';
import { modelOf } from './draft';

/** From this many combos on there is a search field. */
const searchFrom = 8;

export function ComboList() {
  const { t } = useTranslation(['combos', 'common']);
  const { data, error, refetch } = useVerb('Combos.List');
  const [search, setSearch] = useSearch();
  // Figures of use move with every request; they are read when one looks.
  useEffect(() => void refetch(), [refetch]);
  const [renaming, setRenaming] = useState<Combo | null>(null);
  const text = (search.get('q') ?? '').trim().toLowerCase();
  const combos = data?.combos ?? [];
  const found = combos.filter((combo) => text === '' || combo.name.toLowerCase().includes(text) || combo.models.some((step) => modelOf(step).toLowerCase().includes(text)));
  // The active one is what most people look for; it stands first.
  const shown = [...found].sort((a, b) => Number(b.isActive) - Number(a.isActive));
  const add = (
    <Button look="primary" asChild>
      <a href="#/combos/new">
        <Plus size={16} strokeWidth={1.75} aria-hidden />
        {t('new')}
      </a>
    </Button>
  );
  return (
    <Page>
      {combos.length > 0 && (
        <Toolbar className="justify-end">
          <p className="m-0 me-auto text-small text-text-2">{t('autoHint')}</p>
          {combos.length >= searchFrom && <SearchInput label={t('search')} value={search.get('q') ?? ''} onChange={(q) => setSearch({ q })} className="min-w-0 grow basis-60 sm:max-w-80" />}
          {add}
        </Toolbar>
      )}
      {error && <ErrorState error={error} onRetry={() => void refetch()} />}
      {data === undefined && !error && <Skeleton lines={4} />}
      {data !== undefined && combos.length === 0 && <EmptyState text={t('empty')} action={add} className="rounded-card border border-border bg-surface" />}
      {combos.length > 0 && shown.length === 0 && <EmptyState text={t('noMatch')} action={<Button onClick={() => setSearch({ q: null })}>{t('common:clearFilters')}</Button>} />}
      {shown.length > 0 && (
        <ul aria-label={t('list')} className="m-0 flex list-none flex-col divide-y divide-border overflow-hidden rounded-card border border-border bg-surface p-0">
          {shown.map((combo) => (
            <ComboRow key={combo.id} combo={combo} combos={combos} onRename={setRenaming} />
          ))}
        </ul>
      )}
      {renaming && <Rename combo={renaming} combos={combos} onClose={() => setRenaming(null)} />}
    </Page>
  );
}
