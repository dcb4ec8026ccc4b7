import type { Topic } from '@/lib/api';

/** Which reads a topic makes stale: the one place that knows. A query's key is
 * `[verb, input]`, so a verb's name stands for all its inputs. A name that
 * ends in a dot stands for a whole service. */
export const staleBy: { readonly [T in Topic]: readonly string[] } = {
  hello: [],
  config: ['System.', 'Settings.', 'Providers.', 'Nodes.', 'Combos.', 'Models.', 'Keys.', 'Routing.', 'Health.', 'Security.', 'Desktop.'],
  request: ['Overview.', 'Logs.Calls', 'Keys.List'],
  target: ['Providers.', 'Combos.Preview', 'Models.Pick', 'Resilience.', 'Routing.'],
  account: ['Providers.', 'Combos.Preview', 'Models.', 'Routing.', 'System.Status'],
  condition: ['Health.', 'System.Status'],
  gateway: ['System.Status', 'Overview.'],
  session: ['Security.'],
  lagged: [],
};

/** Topics after which everything on screen is fetched again. */
export const refetchAll: ReadonlySet<Topic> = new Set<Topic>(['lagged']);

export function isStale(topic: Topic, verb: string): boolean {
  return staleBy[topic].some((name) => (name.endsWith('.') ? verb.startsWith(name) : verb === name));
}
