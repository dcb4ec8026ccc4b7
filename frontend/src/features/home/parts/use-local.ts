import { useMutation } from '@tanstack/react-query';
import { call, type ApiFault, type LocalServer } from '@/lib/api';

/** One press: connects a model server of this computer and makes a combo of
 * its first models, so that `auto` answers at once. */
export function useUseLocal() {
  return useMutation<void, ApiFault, LocalServer>({
    mutationFn: async (server) => {
      const provider = server.provider === 'openai-compatible' ? await asNode(server) : server.provider;
      const { connection } = await call('Providers.Create', { provider, name: server.name, ...(provider === server.provider ? { baseUrl: server.baseUrl } : {}) });
      const { models } = await call('Providers.Models', { id: connection.id });
      const names = models.slice(0, 5).map((model) => `${connection.prefix}/${model.id}`);
      if (names.length === 0) return;
      const { combo } = await call('Combos.Create', { name: 'local', models: names, strategy: 'priority' });
      await call('Combos.Activate', { id: combo.id });
    },
  });
}

async function asNode(server: LocalServer): Promise<string> {
  const prefix = server.name.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '') || 'local';
  const { node } = await call('Nodes.Create', { name: server.name, prefix, type: 'openai-compatible', apiType: 'chat', baseUrl: server.baseUrl });
  return node.id;
}
