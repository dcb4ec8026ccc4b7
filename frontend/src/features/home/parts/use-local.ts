import { useMutation } from '@tanstack/react-query';
import { useConnectLocal } from '@/components/connect/local';
import { call, type ApiFault, type LocalServer } from '@/lib/api';

const most = 5;

/** One press: connects a model server of this computer and makes a combo of
 * its first models, so that `auto` answers at once. */
export function useUseLocal() {
  const connect = useConnectLocal();
  return useMutation<void, ApiFault, LocalServer>({
    mutationFn: async (server) => {
      const connection = await connect(server);
      const { models } = await call('Providers.Models', { id: connection.id });
      const names = models.slice(0, most).map((model) => `${connection.prefix}/${model.id}`);
      if (names.length === 0) return;
      const { combo } = await call('Combos.Create', { name: 'local', models: names, strategy: 'priority' });
      await call('Combos.Activate', { id: combo.id });
    },
  });
}
