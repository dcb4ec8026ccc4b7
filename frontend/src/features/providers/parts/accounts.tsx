import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { SortableList } from '@/components/ui/sortable-list';
import type { Connection } from '@/lib/api';
import type { Upstream } from '../upstreams';
import { AccountRow, type RowHandlers } from './account-row';

/** How many rows are drawn before the person asks for more. */
const piece = 40;

/** The accounts of one provider in the order they are used; dragged or moved
 * with Alt and the arrow keys. */
export function Accounts({ upstream, shown = upstream.accounts, handlers }: { upstream: Upstream; shown?: readonly Connection[]; handlers: RowHandlers }) {
  const { t } = useTranslation('providers');
  const [limit, setLimit] = useState(piece);
  const rows = shown.slice(0, limit);
  const filtered = shown.length !== upstream.accounts.length;
  const several = upstream.accounts.length > 1;
  const place = (account: Connection) => (several ? upstream.accounts.indexOf(account) + 1 : null);
  return (
    <div className="min-w-0">
      {several && !filtered ? (
        <SortableList
          label={t('order', { provider: upstream.name })}
          items={rows}
          onReorder={(ids) => void handlers.actions.reorder(upstream, [...ids, ...upstream.accounts.slice(rows.length).map((one) => one.id)])}
        >
          {(account) => <AccountRow account={account} place={place(account)} handlers={handlers} />}
        </SortableList>
      ) : (
        <ul aria-label={t('order', { provider: upstream.name })} className="m-0 list-none p-0">
          {rows.map((account) => (
            <li key={account.id}>
              <AccountRow account={account} place={place(account)} handlers={handlers} />
            </li>
          ))}
        </ul>
      )}
      {shown.length > limit && (
        <Button look="link" onClick={() => setLimit(limit + piece)}>
          {t('more', { count: Math.min(piece, shown.length - limit) })}
        </Button>
      )}
    </div>
  );
}
