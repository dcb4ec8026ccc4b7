import { useQuery, useQueryClient, type UseQueryResult } from '@tanstack/react-query';
import { call, type ApiFault, type Connection, type LocalServer, type LocalServers } from '@/lib/api';
import { nextName } from './names';

/** Asked when a list of them is shown and on request. The key is no verb's
 * name: what happens to accounts must not scan the ports again. */
const scan = ['local-servers'] as const;

export function useLocalServers(): UseQueryResult<LocalServers, ApiFault> {
  return useQuery<LocalServers, ApiFault>({ queryKey: scan, queryFn: ({ signal }) => call('Providers.Local', undefined, signal), staleTime: 60_000, refetchOnMount: true });
}

/** Connects a model server of this computer. One that no catalogue entry fits
 * becomes an endpoint of the person's own first. */
export function useConnectLocal(): (server: LocalServer) => Promise<Connection> {
  const client = useQueryClient();
  return async (server) => {
    const connection = server.provider === 'openai-compatible' ? await asNode(server) : await asAccount(server);
    client.setQueryData<LocalServers>(scan, (old) => old && { servers: old.servers.map((one) => (one.baseUrl === server.baseUrl ? { ...one, added: true } : one)) });
    return connection;
  };
}

async function asAccount(server: LocalServer): Promise<Connection> {
  const { connections } = await call('Providers.List');
  const name = nextName(server.name.toLowerCase().replace(/[^a-z0-9]+/g, '-'), connections.filter((one) => one.provider === server.provider));
  return (await call('Providers.Create', { provider: server.provider, name, kind: 'none', baseUrl: server.baseUrl })).connection;
}

async function asNode(server: LocalServer): Promise<Connection> {
  const shape = { type: server.provider, apiType: 'chat', baseUrl: server.baseUrl };
  const { prefix } = await call('Nodes.Draft', shape);
  const { node } = await call('Nodes.Create', { ...shape, name: server.name, prefix });
  return (await call('Providers.Create', { provider: node.id, name: `${prefix}-1`, kind: 'none' })).connection;
}
