import { Plus } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Page, Toolbar } from '@/components/page';
import { Button } from '@/components/ui/button';
import { SearchInput } from '@/components/ui/input';
import { EmptyState, ErrorState, Skeleton } from '@/components/ui/states';
import type { IssuedKey, Key } from '@/lib/api';
import { useVerb } from '@/lib/query';
import { useSearch } from '@/lib/router';
import { Issued } from './parts/issued';
import { KeyDialog } from './parts/key-dialog';
import { KeyTable } from './parts/key-table';
import { RequireKey } from './parts/require-key';
import { Rotate } from './parts/rotate';

type Open = { what: 'new' } | { what: 'edit' | 'rotate'; key: Key } | { what: 'issued'; issued: IssuedKey };

/** From this many keys on there is a search field. */
const searchFrom = 8;

/** Who may call, and what they may use. */
export function Keys() {
  const { t } = useTranslation(['keys', 'common']);
  const { data, error, isFetching, refetch } = useVerb('Keys.List');
  const [search, setSearch] = useSearch();
  const [open, setOpen] = useState<Open | null>(null);
  const close = () => setOpen(null);
  const text = search.get('q') ?? '';
  const keys = data?.keys ?? [];
  const shown = keys.filter((key) => key.name.toLowerCase().includes(text.trim().toLowerCase()));
  const add = (
    <Button look="primary" onClick={() => setOpen({ what: 'new' })}>
      <Plus size={16} strokeWidth={1.75} aria-hidden />
      {t('new')}
    </Button>
  );
  return (
    <Page>
      <RequireKey />
      {keys.length > 0 && (
        <Toolbar className="justify-end">
          {keys.length >= searchFrom && <SearchInput label={t('search')} value={text} onChange={(q) => setSearch({ q })} className="min-w-0 grow basis-60 sm:max-w-80 sm:me-auto" />}
          {add}
        </Toolbar>
      )}
      {error && <ErrorState error={error} onRetry={() => void refetch()} />}
      {data === undefined && !error && <Skeleton lines={4} />}
      {data !== undefined && keys.length === 0 && <EmptyState text={t('empty')} action={add} className="rounded-card border border-border bg-surface" />}
      {keys.length > 0 && shown.length === 0 && <EmptyState text={t('noMatch')} action={<Button onClick={() => setSearch({ q: null })}>{t('common:clearFilters')}</Button>} />}
      {shown.length > 0 && <KeyTable keys={shown} busy={isFetching} onEdit={(key) => setOpen({ what: 'edit', key })} onRotate={(key) => setOpen({ what: 'rotate', key })} />}
      {(open?.what === 'new' || open?.what === 'edit') && (
        <KeyDialog keys={keys} {...(open.what === 'edit' ? { editing: open.key } : {})} onClose={close} onIssued={(issued) => setOpen({ what: 'issued', issued })} />
      )}
      {open?.what === 'rotate' && <Rotate of={open.key} onClose={close} onIssued={(issued) => setOpen({ what: 'issued', issued })} />}
      {open?.what === 'issued' && <Issued issued={open.issued} onClose={close} />}
    </Page>
  );
}
