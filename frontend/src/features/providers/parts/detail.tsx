import { Plus } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useHeading } from '@/components/page';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { EmptyState } from '@/components/ui/states';
import { Tabs } from '@/components/ui/tabs';
import { TextLink } from '@/components/ui/text';
import type { PickerEntry } from '@/lib/api';
import type { Upstream } from '../upstreams';
import type { RowHandlers } from './account-row';
import { Accounts } from './accounts';
import { DetailHead } from './detail-head';
import { ModelsTab } from './models';

interface DetailProps {
  /** Of the provider or endpoint, as in the address. */
  id: string;
  tab: string | undefined;
  upstreams: readonly Upstream[];
  entries: readonly PickerEntry[];
  /** The catalogue has arrived, so an unknown id is really unknown. */
  known: boolean;
  handlers: RowHandlers;
  onAdd: (provider?: string) => void;
}

/** One provider: its accounts and its models. Also for one that has no account
 * yet, so that its models can be looked at first. */
export function Detail({ id, tab, upstreams, entries, known, handlers, onAdd }: DetailProps) {
  const { t } = useTranslation('providers');
  const entry = entries.find((one) => one.id === id || one.prefix === id);
  const connected = upstreams.find((one) => one.id === id || one.id === entry?.id);
  const upstream = connected ?? (entry && entry.group !== 'custom' && entry.group !== 'demo' ? { id: entry.id, name: entry.name, prefix: entry.prefix, group: entry.group, accounts: [], entry } : undefined);
  useHeading(upstream?.name, '#/providers');
  if (upstream === undefined) {
    if (!known) return null;
    return (
      <Card>
        <EmptyState text={t('detail.unknown')} link={<TextLink href="#/providers">{t('detail.all')}</TextLink>} />
      </Card>
    );
  }
  const base = `#/providers/${encodeURIComponent(upstream.id)}`;
  const models = tab === 'models';
  const add = upstream.node === undefined ? () => onAdd(upstream.id) : undefined;
  return (
    <>
      <DetailHead upstream={upstream} />
      <Tabs
        label={t('tabs.label', { provider: upstream.name })}
        tabs={[
          { href: base, label: t('tabs.accounts'), current: !models, count: String(upstream.accounts.length) },
          { href: `${base}/models`, label: t('tabs.models'), current: models },
        ]}
      />
      {models ? (
        <ModelsTab upstream={upstream} />
      ) : (
        <Card
          title={t('tabs.accounts')}
          action={
            add &&
            upstream.accounts.length > 0 && (
              <Button size="sm" aria-haspopup="dialog" onClick={add}>
                <Plus size={16} strokeWidth={1.75} aria-hidden />
                {t('detail.add')}
              </Button>
            )
          }
        >
          {upstream.accounts.length === 0 ? (
            <EmptyState
              text={t('detail.none', { provider: upstream.name })}
              action={
                add && (
                  <Button look="primary" aria-haspopup="dialog" onClick={add}>
                    {t('detail.add')}
                  </Button>
                )
              }
            />
          ) : (
            <Accounts upstream={upstream} handlers={handlers} />
          )}
        </Card>
      )}
    </>
  );
}
