import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ConnectDialog, hostOf, useConnectLocal, useLocalServers } from '@/components/connect';
import { OutsideLink } from '@/components/outside-link';
import { ProviderMark } from '@/components/provider-mark';
import { Button } from '@/components/ui/button';
import { Checkbox } from '@/components/ui/choice';
import { StatusBadge } from '@/components/ui/status-badge';
import { useTroubleWords } from '@/components/ui/states';
import { Code } from '@/components/ui/text';
import { call, type ApiFault, type LocalServer } from '@/lib/api';
import { useVerb } from '@/lib/query';
import type { Moves } from '../steps';
import { PasteField } from './paste-field';
import { StepFooter } from './step-footer';

/** Keys that cost nothing, for whoever has none yet. */
const freeKeys = ['groq', 'gemini', 'nvidia', 'openrouter'];

/** What is here already, and one field for a key. */
export function AccountsStep({ moves }: { moves: Moves }) {
  const { t } = useTranslation(['onboarding', 'common']);
  const { data: list } = useVerb('Providers.List');
  const { data: catalog } = useVerb('Providers.Catalog');
  const local = useLocalServers();
  const connect = useConnectLocal();
  const words = useTroubleWords();
  const [off, setOff] = useState<ReadonlySet<string>>(new Set());
  const [failed, setFailed] = useState<Readonly<Record<string, string>>>({});
  const [busy, setBusy] = useState(false);
  const [dialog, setDialog] = useState<{ pasted?: string } | null>(null);

  const accounts = list?.connections ?? [];
  const found = (local.data?.servers ?? []).filter((server) => !server.added);
  const ticked = found.filter((server) => !off.has(server.baseUrl) && !(server.baseUrl in failed));
  const free = (catalog?.entries ?? []).filter((entry) => freeKeys.includes(entry.id) && entry.keyUrl !== '');
  const tick = (server: LocalServer, on: boolean) => setOff(new Set(on ? [...off].filter((one) => one !== server.baseUrl) : [...off, server.baseUrl]));

  const use = async () => {
    setBusy(true);
    const trouble: Record<string, string> = {};
    for (const server of ticked) {
      try {
        const { id } = await connect(server);
        await call('Providers.Models', { id }); // the next step proposes from this list
      } catch (error) {
        trouble[server.baseUrl] = words(error as ApiFault);
      }
    }
    setFailed((before) => ({ ...before, ...trouble }));
    setBusy(false);
    if (Object.keys(trouble).length === 0) moves.next();
  };

  return (
    <>
      <div className="flex flex-col gap-6">
        {accounts.length > 0 && (
          <section aria-labelledby="setup-connected">
            <h2 id="setup-connected" className="m-0 mb-1 text-card">
              {t('accounts.connected')}
            </h2>
            <ul className="m-0 list-none divide-y divide-border p-0">
              {accounts.map((account) => (
                <li key={account.id} className="flex min-h-row flex-wrap items-center gap-x-3 gap-y-1 py-1">
                  <ProviderMark name={account.providerName} />
                  <span className="flex min-w-0 grow flex-wrap items-baseline gap-x-2">
                    {account.providerName}
                    <span className="text-text-2">{account.name}</span>
                  </span>
                  <StatusBadge status={account.status} />
                </li>
              ))}
            </ul>
          </section>
        )}
        <section aria-labelledby="setup-found">
          <h2 id="setup-found" className="m-0 mb-1 text-card">
            {t('accounts.found')}
          </h2>
          {found.length === 0 && <p className="m-0 text-text-2">{local.data === undefined ? t('accounts.foundLooking') : t('accounts.foundNone')}</p>}
          <ul className="m-0 list-none p-0">
            {found.map((server) => (
              <li key={server.baseUrl} className="flex min-h-row flex-wrap items-center gap-x-3">
                <Checkbox checked={!off.has(server.baseUrl)} onChange={(on) => tick(server, on)} disabled={busy}>
                  <span className="flex flex-wrap items-baseline gap-x-2">
                    {server.name}
                    <Code className="text-text-2">{hostOf(server.baseUrl)}</Code>
                  </span>
                </Checkbox>
                {failed[server.baseUrl] !== undefined && (
                  <span role="alert" className="text-small text-bad">
                    {t('accounts.failed')} {failed[server.baseUrl]}
                  </span>
                )}
              </li>
            ))}
          </ul>
        </section>
        <section aria-labelledby="setup-paste">
          <h2 id="setup-paste" className="m-0 mb-2 text-card">
            {t('accounts.paste')}
          </h2>
          <PasteField onKey={(pasted) => setDialog({ pasted })} />
          <p className="mx-0 mt-2 mb-0 flex flex-wrap items-center gap-x-3 text-small text-text-2">
            {free.length > 0 && t('accounts.free')}
            {free.map((entry) => (
              <OutsideLink key={entry.id} href={entry.keyUrl}>
                {entry.name}
              </OutsideLink>
            ))}
          </p>
          <Button className="mt-3" aria-haspopup="dialog" onClick={() => setDialog({})}>
            {t('accounts.more')}
          </Button>
        </section>
      </div>
      <StepFooter moves={moves} skip={ticked.length > 0 || accounts.length > 0 ? moves.next : undefined}>
        <Button look="primary" loading={busy} onClick={() => (ticked.length > 0 ? void use() : moves.next())}>
          {ticked.length > 0 ? t('accounts.use', { count: ticked.length }) : accounts.length > 0 ? t('accounts.continue') : t('accounts.without')}
        </Button>
      </StepFooter>
      <ConnectDialog open={dialog !== null} pasted={dialog?.pasted} onClose={() => setDialog(null)} />
    </>
  );
}
