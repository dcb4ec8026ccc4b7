import type { VerbName, Verbs } from './gen';
import { send } from './http';
import { inWindow, invoke } from './wails';

/** Verbs that take nothing are called with the name alone. */
type Input<V extends VerbName> = Verbs[V]['in'] extends void ? [input?: undefined, signal?: AbortSignal] : [input: Verbs[V]['in'], signal?: AbortSignal];

/** Calls a verb of Go: bound method in the window, HTTP in a browser. Throws
 * only ApiFault. */
export function call<V extends VerbName>(verb: V, ...[input, signal]: Input<V>): Promise<Verbs[V]['out']> {
  return inWindow() ? invoke(verb, input as Verbs[V]['in']) : send(verb, input as Verbs[V]['in'], signal);
}
