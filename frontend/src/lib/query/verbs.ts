import { keepPreviousData, useMutation, useQuery, type UseMutationResult, type UseQueryResult } from '@tanstack/react-query';
import { call, type ApiFault, type VerbName, type Verbs } from '@/lib/api';

type In<V extends VerbName> = Verbs[V]['in'];
type Out<V extends VerbName> = Verbs[V]['out'];
type Call = (verb: VerbName, input: unknown, signal?: AbortSignal) => Promise<unknown>;

interface ReadOptions<V extends VerbName> {
  enabled?: boolean;
  /** Show the answer for the input before while the new one is on its way. */
  keep?: boolean;
  /** For figures that move with the clock and not with events. Nothing runs
   * while the window is hidden. */
  every?: number;
  placeholder?: Out<V>;
}

export function keyOf<V extends VerbName>(verb: V, input?: In<V>): readonly [V, In<V> | null] {
  return [verb, input ?? null];
}

/** Reads a verb into the query cache; lib/query/topics.ts says when again. */
export function useVerb<V extends VerbName>(verb: V, input?: In<V>, options: ReadOptions<V> = {}): UseQueryResult<Out<V>, ApiFault> {
  return useQuery<Out<V>>({
    queryKey: keyOf(verb, input),
    queryFn: ({ signal }) => (call as Call)(verb, input, signal) as Promise<Out<V>>,
    enabled: options.enabled ?? true,
    refetchInterval: options.every ?? false,
    ...(options.keep ? { placeholderData: keepPreviousData as never } : {}),
  });
}

/** Calls a verb that changes something. What it makes stale arrives as an
 * event; no page invalidates by hand. */
export function useAct<V extends VerbName>(verb: V): UseMutationResult<Out<V>, ApiFault, In<V>> {
  return useMutation<Out<V>, ApiFault, In<V>>({ mutationFn: (input) => (call as Call)(verb, input) as Promise<Out<V>> });
}
