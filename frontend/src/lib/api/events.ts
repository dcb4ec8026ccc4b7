import type { Message } from './gen';
import { csrf } from './csrf';
import { faultOf } from './fault';
import { headers, heedRefusal } from './http';
import { host, inWindow } from './wails';

/** How the feed is doing. `lost` = the gateway does not answer; it is tried
 * again by itself. */
export type Link = 'connecting' | 'live' | 'lost';

export interface Feed {
  onMessage: (message: Message) => void;
  onLink: (link: Link) => void;
}

const firstPause = 500;
const longestPause = 8_000;

/** Opens the feed and keeps it open until the returned function is called. */
export function openFeed(feed: Feed): () => void {
  return inWindow() ? openWindowFeed(feed) : openHTTPFeed(feed);
}

function openWindowFeed(feed: Feed): () => void {
  const runtime = host().runtime;
  if (!runtime) return () => undefined;
  feed.onLink('connecting');
  const stop = runtime.EventsOn('omniroute', (message) => {
    feed.onLink('live');
    feed.onMessage((typeof message === 'string' ? JSON.parse(message) : message) as Message);
  });
  // Go answers with hello, so that nothing between load and here is missed.
  runtime.EventsEmit('omniroute:ready');
  return stop;
}

function openHTTPFeed(feed: Feed): () => void {
  const stopped = new AbortController();
  void (async () => {
    let pause = firstPause;
    while (!stopped.signal.aborted) {
      feed.onLink('connecting');
      const word = csrf();
      try {
        const answer = await fetch('/api/events', { headers: { ...headers(word), Accept: 'text/event-stream' }, credentials: 'same-origin', cache: 'no-store', signal: stopped.signal });
        if (answer.status === 401 || answer.status === 403) {
          // Whoever is locked out leaves the page, and with it the feed.
          heedRefusal(faultOf(await answer.text(), answer.status), word);
          await wait(pause, stopped.signal);
          pause = Math.min(pause * 2, longestPause);
          continue;
        }
        if (!answer.ok || !answer.body) throw new Error(String(answer.status));
        feed.onLink('live');
        pause = firstPause;
        await readEvents(answer.body, feed.onMessage);
      } catch {
        // Told below; whatever it was, it is tried again.
      }
      if (isOver(stopped.signal)) return;
      feed.onLink('lost');
      await wait(pause, stopped.signal);
      pause = Math.min(pause * 2, longestPause);
    }
  })();
  return () => stopped.abort();
}

/** Reads server-sent events; exported for its test. */
export async function readEvents(body: ReadableStream<Uint8Array>, onMessage: (message: Message) => void): Promise<void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    rest += decoder.decode(value, { stream: true });
    const blocks = rest.split(/\r?\n\r?\n/);
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const data = block
        .split(/\r?\n/)
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice(5).trimStart())
        .join('\n');
      if (data !== '') onMessage(JSON.parse(data) as Message);
    }
  }
}

// A function, because the compiler believes that a signal stays what it was.
const isOver = (signal: AbortSignal) => signal.aborted;

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
