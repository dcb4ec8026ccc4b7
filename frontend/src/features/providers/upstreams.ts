import type { Connection, Node, PickerEntry, Rest } from '@/lib/api';

export const groups = ['subscription', 'apikey', 'cheap', 'free', 'local', 'custom'] as const;
export type Group = (typeof groups)[number];

/** A provider, or an endpoint of the person's own, with its accounts in the
 * order they are used. */
export interface Upstream {
  id: string;
  name: string;
  prefix: string;
  group: Group;
  accounts: Connection[];
  node?: Node | undefined;
  entry?: PickerEntry | undefined;
}

/** Everything that is connected, and the endpoints that wait for an account. */
export function upstreamsOf(connections: readonly Connection[], nodes: readonly Node[], entries: readonly PickerEntry[]): Upstream[] {
  const found = new Map<string, Upstream>();
  for (const node of nodes) {
    found.set(node.id, { id: node.id, name: node.name, prefix: node.prefix, group: 'custom', accounts: [], node });
  }
  for (const account of connections) {
    const known = found.get(account.provider);
    if (known) known.accounts.push(account);
    else
      found.set(account.provider, {
        id: account.provider,
        name: account.providerName,
        prefix: account.prefix,
        group: account.group,
        accounts: [account],
        entry: entries.find((entry) => entry.id === account.provider),
      });
  }
  const all = [...found.values()];
  for (const upstream of all) upstream.accounts.sort((a, b) => a.priority - b.priority || a.createdAt.localeCompare(b.createdAt));
  return all.sort((a, b) => groups.indexOf(a.group) - groups.indexOf(b.group) || a.name.localeCompare(b.name));
}

/** Needs somebody, now. */
export function isTroubled({ status }: Pick<Connection, 'status'>): boolean {
  return status !== 'ready' && status !== 'untested' && status !== 'off';
}

export function canAnswer({ status }: Pick<Connection, 'status'>): boolean {
  return status === 'ready' || status === 'untested' || status === 'probing';
}

/** Models of an account that rest while the account itself can be used. The
 * gateway writes them as prefix/model@account. */
export function restingModels(account: Pick<Connection, 'prefix' | 'name'>, cooldowns: readonly Rest[]): { model: string; until: string | null }[] {
  const before = `${account.prefix}/`;
  const after = `@${account.name}`;
  return cooldowns
    .filter(({ target }) => target.startsWith(before) && target.endsWith(after))
    .map(({ target, until }) => ({ model: target.slice(before.length, target.length - after.length), until }))
    .filter(({ model }) => model !== '*');
}

export function matches(account: Connection, upstream: Upstream, text: string): boolean {
  const about = `${account.name} ${upstream.name} ${upstream.prefix} ${account.keyHint} ${account.baseUrl ?? ''} ${account.status}`.toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => about.includes(word));
}
