import { csrf, forget } from './csrf';
import { ApiFault, faultOf } from './fault';
import { roads, type VerbName, type Verbs } from './gen';

type Listener = () => void;
const unauthorized = new Set<Listener>();

/** Tells when the session ended under us (signed out elsewhere, expired). */
export function onUnauthorized(listener: Listener): () => void {
  unauthorized.add(listener);
  return () => unauthorized.delete(listener);
}

const csrfHeader = 'X-OmniRoute-CSRF';

export function headers(word = csrf()): Record<string, string> {
  return word === null ? {} : { [csrfHeader]: word };
}

/** Reads a refusal: does it say that the session of this word is over? Then
 * the word is dropped and everyone told. */
export function heedRefusal(fault: ApiFault, word: string | null): void {
  const over = (fault.status === 401 && fault.kind === 'unauthorized') || fault.param === csrfHeader;
  if (!over) return;
  if (csrf() === word) forget(); // else another tab told us a newer one meanwhile
  unauthorized.forEach((tell) => tell());
}

/** The address and the rest of a verb's input. Exported for its test. */
export function address(verb: VerbName, input: unknown): { url: string; rest: Record<string, unknown> } {
  const road = roads[verb];
  const left = new Map(Object.entries((input ?? {}) as Record<string, unknown>));
  const take = (field: string) => {
    const value = left.get(field);
    left.delete(field);
    return value;
  };
  const url = road.path.replace(/\{(\w+)\}/g, (_, field: string) => {
    const value = take(field);
    if (typeof value !== 'string' || value === '') throw new Error(`${verb} needs ${field}`);
    return encodeURIComponent(value);
  });
  const query = new URLSearchParams();
  for (const field of road.query ?? []) {
    const value = take(field);
    if (value !== undefined && value !== null && value !== '') query.set(field, String(value as string | number | boolean));
  }
  return { url: query.size > 0 ? `${url}?${query.toString()}` : url, rest: Object.fromEntries(left) };
}

export async function send<V extends VerbName>(verb: V, input: Verbs[V]['in'], signal?: AbortSignal): Promise<Verbs[V]['out']> {
  const { method } = roads[verb];
  const { url, rest } = address(verb, input);
  const word = csrf();
  const body = method === 'GET' || method === 'DELETE' ? undefined : JSON.stringify(rest);
  const init: RequestInit = {
    method,
    credentials: 'same-origin',
    cache: 'no-store',
    headers: body === undefined ? headers(word) : { ...headers(word), 'Content-Type': 'application/json' },
  };
  if (body !== undefined) init.body = body;
  if (signal) init.signal = signal;
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(url, init);
    text = await answer.text();
  } catch (error) {
    throw new ApiFault({ kind: signal?.aborted ? 'aborted' : 'unreachable', message: error instanceof Error ? error.message : '' });
  }
  if (!answer.ok) {
    const wait = Number(answer.headers.get('Retry-After'));
    const fault = faultOf(text, answer.status, wait > 0 ? wait : undefined);
    if (!verb.startsWith('Session.')) heedRefusal(fault, word);
    throw fault;
  }
  return (text === '' ? undefined : JSON.parse(text)) as Verbs[V]['out'];
}
