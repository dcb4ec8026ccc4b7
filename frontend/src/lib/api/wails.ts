import { faultOf } from './fault';
import type { VerbName, Verbs } from './gen';

type Bound = (input?: unknown) => Promise<unknown>;

interface Host {
  go?: { control?: Record<string, Record<string, Bound>> };
  runtime?: {
    EventsOn: (name: string, handler: (message: unknown) => void) => () => void;
    EventsEmit: (name: string, ...data: unknown[]) => void;
    ClipboardSetText: (text: string) => Promise<boolean>;
    BrowserOpenURL: (url: string) => void;
  };
}

export function host(): Host {
  return window as unknown as Host;
}

/** True in the native window, where Go's methods are bound. */
export function inWindow(): boolean {
  return host().go?.control !== undefined;
}

export async function invoke<V extends VerbName>(verb: V, input: Verbs[V]['in']): Promise<Verbs[V]['out']> {
  const [service = '', method = ''] = verb.split('.');
  const bound = host().go?.control?.[service]?.[method];
  if (!bound) throw new Error(`the window has no ${verb}`);
  try {
    const out = input === undefined ? await bound() : await bound(input);
    return out as Verbs[V]['out'];
  } catch (error) {
    throw faultOf(error);
  }
}
