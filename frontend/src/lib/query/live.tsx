import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useState, type ReactNode } from 'react';
import { openFeed, type Link, type Message } from '@/lib/api';
import { isStale, refetchAll } from './topics';

type Handler = (message: Message) => void;

interface Live {
  link: Link;
  listen: (handler: Handler) => () => void;
}

const LiveContext = createContext<Live>({ link: 'connecting', listen: () => () => undefined });

/** Applies one message of the feed to the cache. */
export function apply(client: QueryClient, message: Message): void {
  if (refetchAll.has(message.topic)) {
    void client.invalidateQueries();
    return;
  }
  void client.invalidateQueries({ predicate: (query) => typeof query.queryKey[0] === 'string' && isStale(message.topic, query.queryKey[0]) });
}

/** Keeps the feed open while the page is visible. A hidden page has no feed
 * and no timers; when it comes back, everything it shows is fetched again. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [link, setLink] = useState<Link>('connecting');
  const [handlers] = useState(() => new Set<Handler>());

  useEffect(() => {
    let close: (() => void) | undefined;
    let greeted = false;
    const open = () => {
      close = openFeed({
        onLink: setLink,
        onMessage: (message) => {
          if (message.topic === 'hello') {
            // The first hello stands for what is being loaded right now; each
            // later one means that something may have been missed.
            if (greeted) void client.invalidateQueries();
            greeted = true;
          } else {
            apply(client, message);
          }
          handlers.forEach((handle) => handle(message));
        },
      });
    };
    const follow = () => {
      if (document.hidden) {
        close?.();
        close = undefined;
      } else if (!close) {
        open();
      }
    };
    follow();
    document.addEventListener('visibilitychange', follow);
    return () => {
      document.removeEventListener('visibilitychange', follow);
      close?.();
    };
  }, [client, handlers]);

  const [live] = useState(() => ({
    listen: (handler: Handler) => {
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
  }));
  return <LiveContext value={{ link, listen: live.listen }}>{children}</LiveContext>;
}

/** Whether the gateway answers. */
export function useLink(): Link {
  return useContext(LiveContext).link;
}

/** Hears every message of the feed, for what no cache holds (new log rows). */
export function useFeed(handler: Handler): void {
  const { listen } = useContext(LiveContext);
  useEffect(() => listen(handler), [listen, handler]);
}
