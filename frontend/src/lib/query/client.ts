import { QueryClient } from '@tanstack/react-query';
import { isUnreachable, type ApiFault } from '@/lib/api';

/** Data stays fresh until the feed says otherwise, so nothing is polled and
 * a hidden window does nothing. */
export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: Infinity,
        gcTime: 10 * 60_000,
        refetchOnWindowFocus: false,
        refetchOnReconnect: false,
        networkMode: 'always',
        retry: (count, error) => isUnreachable(error) && count < 2,
        throwOnError: false,
      },
      mutations: { networkMode: 'always', retry: false },
    },
  });
}

declare module '@tanstack/react-query' {
  interface Register {
    defaultError: ApiFault;
  }
}
