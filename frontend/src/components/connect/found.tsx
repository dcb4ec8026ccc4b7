import { RefreshCw } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ProviderMark } from '@/components/provider-mark';
import { Button, IconButton } from '@/components/ui/button';
import { Mark } from '@/components/ui/status-badge';
import { Code } from '@/components/ui/text';
import type { ApiFault, Connection, LocalServer } from '@/lib/api';
import { FormTrouble } from './form-parts';
import { hostOf } from './checks';
import { useConnectLocal, useLocalServers } from './local';

/** Model servers that answer on this computer. Nothing is added by itself. */
export function Found({ filter = '', onDone }: { filter?: string; onDone: (account: Connection) => void }) {
  const { t } = useTranslation('connect');
  const { data, isFetching, refetch } = useLocalServers();
  const connect = useConnectLocal();
  const [busy, setBusy] = useState<string | null>(null);
  const [fault, setFault] = useState<ApiFault | null>(null);
  const servers = (data?.servers ?? []).filter((server) => `${server.name} ${server.baseUrl}`.toLowerCase().includes(filter.toLowerCase()));
  if (filter !== '' && servers.length === 0) return null;
  const press = async (server: LocalServer) => {
    setBusy(server.baseUrl);
    setFault(null);
    try {
      onDone(await connect(server));
    } catch (error) {
      setFault(error as ApiFault);
    } finally {
      setBusy(null);
    }
  };
  return (
    <section aria-label={t('group.found')}>
      <div className="flex items-center gap-2">
        <h3 className="m-0 grow text-body font-medium text-text-2">{t('group.found')}</h3>
        <IconButton label={t('found.again')} icon={<RefreshCw size={16} strokeWidth={1.75} aria-hidden />} loading={isFetching} onClick={() => void refetch()} />
      </div>
      {servers.length === 0 && <p className="m-0 text-small text-text-2">{data === undefined ? t('found.looking') : t('found.none')}</p>}
      <ul className="m-0 flex list-none flex-col p-0">
        {servers.map((server) => (
          <li key={server.baseUrl} className="flex min-h-row items-center gap-3">
            <ProviderMark name={server.name} />
            <span className="flex min-w-0 grow flex-wrap items-baseline gap-x-2">
              {server.name}
              <Code className="text-text-2">{hostOf(server.baseUrl)}</Code>
            </span>
            {server.added ? (
              <Mark tone="ok">{t('found.added')}</Mark>
            ) : (
              <Button size="sm" aria-label={t('found.connectName', { name: server.name })} loading={busy === server.baseUrl} onClick={() => void press(server)}>
                {t('found.connect')}
              </Button>
            )}
          </li>
        ))}
      </ul>
      <FormTrouble fault={fault} />
    </section>
  );
}
