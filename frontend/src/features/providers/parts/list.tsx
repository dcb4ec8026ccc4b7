import { ChevronRight, Plus } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Toolbar } from '@/components/page';
import { ProviderMark } from '@/components/provider-mark';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { SearchInput } from '@/components/ui/input';
import { EmptyState } from '@/components/ui/states';
import { Mark } from '@/components/ui/status-badge';
import { Code } from '@/components/ui/text';
import { useSearch } from '@/lib/router';
import { canAnswer, groups, isTroubled, matches, type Upstream } from '../upstreams';
import { Accounts } from './accounts';
import type { RowHandlers } from './account-row';

interface ListProps {
  upstreams: readonly Upstream[];
  busy: boolean;
  handlers: RowHandlers;
  onAdd: () => void;
}

/** From so many accounts on, providers with several show a count first. */
const many = 40;
const several = 3;

/** What is connected, by the kind of account. */
export function List({ upstreams, busy, handlers, onAdd }: ListProps) {
  const { t } = useTranslation(['providers', 'common']);
  const [search, setSearch] = useSearch();
  const text = search.get('q') ?? '';
  const accounts = upstreams.flatMap((upstream) => upstream.accounts);
  const shown = upstreams
    .map((upstream) => ({ upstream, accounts: text === '' ? upstream.accounts : upstream.accounts.filter((account) => matches(account, upstream, text)) }))
    .filter((one) => one.accounts.length > 0 || (text === '' && one.upstream.accounts.length === 0));
  const active = accounts.filter((account) => account.isActive);
  return (
    <>
      <Toolbar>
        <SearchInput label={t('search')} value={text} onChange={(q) => setSearch({ q })} className="flex-[1_1_14rem] sm:max-w-80" />
        <span className="ms-auto flex gap-2">
          <Button loading={handlers.actions.testing} onClick={() => void handlers.actions.testAll()}>
            {t('testAll')}
          </Button>
          <Button look="primary" aria-haspopup="dialog" onClick={onAdd}>
            <Plus size={16} strokeWidth={1.75} aria-hidden />
            {t('detail.add')}
          </Button>
        </span>
      </Toolbar>
      {active.length > 0 && !active.some(canAnswer) && (
        <p role="status" className="m-0 rounded-card bg-bad-soft px-4 py-3">
          {t('allFailing')}
        </p>
      )}
      {shown.length === 0 && (
        <Card>
          <EmptyState text={t('noMatch')} action={<Button onClick={() => setSearch({ q: null })}>{t('common:clearFilters')}</Button>} />
        </Card>
      )}
      {groups.map((group) => {
        const inside = shown.filter((one) => one.upstream.group === group);
        if (inside.length === 0) return null;
        const count = inside.reduce((sum, one) => sum + one.accounts.length, 0);
        return (
          <Card key={group} flush busy={busy} title={t(`group.${group}`)} action={<span className="text-small text-text-2">{t('accounts', { count })}</span>}>
            <ul className="m-0 list-none p-0">
              {inside.map(({ upstream, accounts: rows }) => (
                <li key={upstream.id} className="grid border-t border-border px-card py-1 first:border-t-0 md:grid-cols-[13rem_1fr] md:gap-x-4">
                  <Name upstream={upstream} />
                  {upstream.accounts.length === 0 ? (
                    <p className="m-0 flex min-h-row items-center text-text-2">{t('noAccount')}</p>
                  ) : (
                    <Rows upstream={upstream} rows={rows} folded={text === '' && accounts.length > many && rows.length > several} handlers={handlers} />
                  )}
                </li>
              ))}
            </ul>
          </Card>
        );
      })}
    </>
  );
}

/** Leads to the provider's own page. */
function Name({ upstream }: { upstream: Upstream }) {
  return (
    <a
      href={`#/providers/${encodeURIComponent(upstream.id)}`}
      className="group flex min-h-row min-w-0 items-center gap-2.5 self-start text-text no-underline hover:underline"
    >
      <ProviderMark name={upstream.name} />
      <span className="flex min-w-0 flex-wrap items-baseline gap-x-2">
        <span className="font-medium">{upstream.name}</span>
        <Code className="text-text-2">{upstream.prefix}</Code>
      </span>
      <ChevronRight size={16} strokeWidth={1.75} aria-hidden className="mirror text-text-3 max-md:ms-auto md:invisible md:group-hover:visible md:group-focus-visible:visible" />
    </a>
  );
}

/** Many accounts are a count until they are asked for (dashboard 2.18). */
function Rows({ upstream, rows, folded, handlers }: { upstream: Upstream; rows: Upstream['accounts']; folded: boolean; handlers: RowHandlers }) {
  const { t } = useTranslation('providers');
  const [open, setOpen] = useState(false);
  if (!folded) return <Accounts upstream={upstream} shown={rows} handlers={handlers} />;
  const troubled = rows.filter(isTroubled).length;
  return (
    <div className="min-w-0">
      <p className="m-0 flex min-h-row flex-wrap items-center gap-x-3">
        {troubled > 0 && <Mark tone="bad">{t('needAttention', { count: troubled })}</Mark>}
        <Button look="link" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? t('collapse') : t('showAll', { count: rows.length })}
        </Button>
      </p>
      {open && <Accounts upstream={upstream} shown={rows} handlers={handlers} />}
    </div>
  );
}
