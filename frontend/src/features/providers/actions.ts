import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from '@/components/ui/toaster';
import { useTroubleWords } from '@/components/ui/states';
import { call, type ApiFault, type Connection, type ConnectionList, type TestResult } from '@/lib/api';
import { useFormat } from '@/lib/format';
import { keyOf } from '@/lib/query';
import type { Upstream } from './upstreams';

/** What an action left behind at a row, until the next one. */
export interface Note {
  ok: boolean;
  text: string;
  /** The gateway's own sentence, English. */
  detail: string;
}

export interface AccountActions {
  notes: Readonly<Record<string, Note>>;
  busy: ReadonlySet<string>;
  testing: boolean;
  test: (account: Connection) => Promise<void>;
  testAll: () => Promise<void>;
  toggle: (account: Connection) => Promise<void>;
  release: (account: Connection) => Promise<void>;
  remove: (account: Connection) => Promise<void>;
  reorder: (upstream: Upstream, ids: readonly string[]) => Promise<void>;
}

const key = keyOf('Providers.List');

/** What can be done with accounts. Reversible things happen at once and can be
 * undone; what went wrong is said at the row. */
export function useAccountActions(): AccountActions {
  const { t } = useTranslation('providers');
  const client = useQueryClient();
  const words = useTroubleWords();
  const format = useFormat();
  const [notes, setNotes] = useState<Record<string, Note>>({});
  const [busy, setBusy] = useState<ReadonlySet<string>>(new Set());
  const [testing, setTesting] = useState(false);

  const note = (id: string, one: Note | null) => setNotes((now) => ({ ...Object.fromEntries(Object.entries(now).filter(([of]) => of !== id)), ...(one === null ? {} : { [id]: one }) }));
  const judged = (result: TestResult): Note => ({
    ok: result.valid && result.diagnosis.type !== 'no-credit' && result.diagnosis.type !== 'rate-limited',
    text: result.diagnosis.type === 'ok' ? t('result.ok', { time: format.duration(result.latencyMs) }) : t(`verdict.${result.diagnosis.type}`),
    detail: result.diagnosis.type === 'ok' ? '' : result.diagnosis.message,
  });
  const patch = (change: (list: Connection[]) => Connection[]) => client.setQueryData<ConnectionList>(key, (old) => old && { connections: change(old.connections) });

  const during = async (id: string, work: () => Promise<void>) => {
    note(id, null);
    setBusy((now) => new Set(now).add(id));
    try {
      await work();
    } catch (error) {
      const fault = error as ApiFault;
      note(id, { ok: false, text: words(fault), detail: fault.message });
      await client.invalidateQueries({ queryKey: key });
    } finally {
      setBusy((now) => new Set([...now].filter((one) => one !== id)));
    }
  };
  const turn = async (account: Connection, isActive: boolean) => {
    const { connection } = await call('Providers.Update', { id: account.id, isActive });
    patch((list) => list.map((one) => (one.id === account.id ? connection : one)));
  };
  const order = async (upstream: Pick<Upstream, 'id'>, ids: readonly string[]) => {
    patch((list) => list.map((one) => (one.provider === upstream.id ? { ...one, priority: ids.indexOf(one.id) + 1 } : one)));
    const answer = await call('Providers.Reorder', { provider: upstream.id, ids: [...ids] });
    client.setQueryData(key, answer);
  };

  return {
    notes,
    busy,
    testing,
    test: (account) =>
      during(account.id, async () => {
        note(account.id, judged(await call('Providers.Test', { id: account.id })));
        await client.invalidateQueries({ queryKey: key });
      }),
    testAll: async () => {
      setTesting(true);
      setNotes({});
      try {
        const { results } = await call('Providers.TestAll', {});
        const found = results.map(({ id, result }) => [id, judged(result)] as const);
        setNotes(Object.fromEntries(found));
        toast.say(t('tested', { ok: found.filter(([, one]) => one.ok).length, all: found.length }));
        await client.invalidateQueries({ queryKey: key });
      } catch (error) {
        toast.say(words(error as ApiFault));
      } finally {
        setTesting(false);
      }
    },
    toggle: (account) =>
      during(account.id, async () => {
        const on = !account.isActive;
        await turn(account, on);
        toast.undo(t(on ? 'toast.on' : 'toast.off', { name: account.name }), () => turn(account, !on));
      }),
    release: (account) =>
      during(account.id, async () => {
        const { connection } = await call('Providers.Release', { id: account.id });
        patch((list) => list.map((one) => (one.id === account.id ? connection : one)));
        toast.say(t('toast.released', { name: account.name }));
      }),
    remove: (account) =>
      during(account.id, async () => {
        await call('Providers.Delete', { id: account.id });
        const keep = neighbour(account.id);
        patch((list) => list.filter((one) => one.id !== account.id));
        holdFocus(keep);
        toast.undo(t('toast.removed', { name: account.name }), async () => {
          const { connection } = await call('Providers.Restore', { id: account.id });
          patch((list) => [...list.filter((one) => one.id !== connection.id), connection]);
        });
      }),
    reorder: (upstream, ids) =>
      during(upstream.accounts[0]?.id ?? upstream.id, async () => {
        const before = upstream.accounts.map((one) => one.id);
        await order(upstream, ids);
        toast.undo(t('toast.moved', { provider: upstream.name }), () => order(upstream, before));
      }),
  };
}

/** The id of the row beside one that is about to go. */
function neighbour(id: string): string | undefined {
  const rows = [...document.querySelectorAll<HTMLElement>('[data-account]')];
  const at = rows.findIndex((row) => row.dataset['account'] === id);
  return (rows[at + 1] ?? rows[at - 1])?.dataset['account'];
}

/** A menu hands the focus back to its button when it has faded out; if the
 * button is gone by then, the neighbouring row takes the focus. */
function holdFocus(id: string | undefined): void {
  setTimeout(() => {
    if (document.activeElement !== document.body) return;
    const row = [...document.querySelectorAll<HTMLElement>('[data-account]')].find((one) => one.dataset['account'] === id);
    (row?.querySelector<HTMLElement>('[data-menu]') ?? document.querySelector<HTMLElement>('[data-page-search]') ?? document.getElementById('main'))?.focus();
  }, 250);
}
