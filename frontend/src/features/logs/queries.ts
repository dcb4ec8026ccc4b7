import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient, type InfiniteData } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef } from 'react';
import { call, type CallLog, type CallLogs, type Message } from '@/lib/api';
import { useFeed } from '@/lib/query';
import { inputOf, type Filters } from './filters';

const pageSize = 50;

/** New rows are looked for at most once a second (dashboard 2.1). */
const rhythm = 1_000;

/** The list under one set of filters. What is on screen never moves by itself:
 * new requests wait until they are asked for. */
export function useCalls(filters: Filters) {
  const client = useQueryClient();
  // Not named like a verb: the feed must not refetch what is on screen.
  const key = useMemo(() => ['logs.pages', filters] as const, [filters]);
  const list = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => call('Logs.Calls', inputOf(filters, pageParam, pageSize, new Date()), signal),
    initialPageParam: '',
    getNextPageParam: (last: CallLogs) => last.next,
    placeholderData: keepPreviousData,
  });
  const head = useQuery({
    queryKey: ['logs.head', filters],
    queryFn: ({ signal }) => call('Logs.Calls', inputOf(filters, '', pageSize, new Date()), signal),
    enabled: false,
  });
  const rows = useMemo(() => (list.data?.pages ?? []).flatMap((page) => page.logs), [list.data]);
  const first = rows[0]?.id;
  const { waiting, many } = useMemo(() => newer(head.data?.logs ?? [], first), [head.data, first]);

  const { refetch } = head;
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const hear = useCallback(
    (message: Message) => {
      if (message.topic !== 'request' || timer.current !== undefined) return;
      timer.current = setTimeout(() => {
        timer.current = undefined;
        void refetch();
      }, rhythm);
    },
    [refetch],
  );
  useFeed(hear);

  const showWaiting = useCallback(() => {
    if (many) {
      void client.resetQueries({ queryKey: key, exact: true });
      return;
    }
    client.setQueryData<InfiniteData<CallLogs, string>>(key, (old) => {
      const [top, ...below] = old?.pages ?? [];
      return old && top ? { ...old, pages: [{ ...top, logs: [...waiting, ...top.logs] }, ...below] } : old;
    });
  }, [client, key, many, waiting]);

  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  return { list, rows, waiting, many, showWaiting, more, partial: (list.data?.pages ?? []).some((page) => page.partial) };
}

/** What stands above the first row that is known. `many` = so much came that
 * the first known row is no longer among the newest. */
export function newer(head: readonly CallLog[], first: string | undefined): { waiting: CallLog[]; many: boolean } {
  if (first === undefined) return { waiting: [...head], many: false };
  const at = head.findIndex((row) => row.id === first);
  if (at >= 0) return { waiting: head.slice(0, at), many: false };
  // Ids grow with time. An answer that is older than what is shown has none.
  const known = head.filter((row) => row.id > first);
  return { waiting: known, many: known.length > 0 };
}
