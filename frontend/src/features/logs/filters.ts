import type { CallFilter } from '@/lib/api';

/** What narrows the list, as it stands in the address. Empty text = any. */
export interface Filters {
  /** Free text, and limits of time such as >2s. */
  q: string;
  /** ok, error, a class such as 4xx, or a number. */
  status: string;
  model: string;
  provider: string;
  /** Id or name of a key. */
  key: string;
  combo: string;
  since: string;
}

export const spans = ['1h', '24h', '7d', '30d'] as const;
export const outcomes = ['ok', 'error', '4xx', '5xx', '429'] as const;

const hour = 3_600_000;
const spanMs: Record<string, number> = { '1h': hour, '24h': 24 * hour, '7d': 168 * hour, '30d': 720 * hour };

export const filterNames = ['status', 'model', 'provider', 'key', 'combo', 'since'] as const;

export type FilterName = (typeof filterNames)[number];

export function filtersOf(search: URLSearchParams): Filters {
  const get = (name: string) => search.get(name) ?? '';
  return { q: get('q'), status: get('status'), model: get('model'), provider: get('provider'), key: get('key'), combo: get('combo'), since: get('since') in spanMs ? get('since') : '' };
}

const token = /(?:^|\s)(status|model|provider|key|combo|since):("[^"]*"|\S+)/gi;

/** Takes `status:error model:"my model"` out of what is typed. What is left
 * is searched as text; limits of time such as >2s stay in it. */
export function readTokens(text: string): { found: Partial<Record<FilterName, string>>; rest: string } {
  const found: Partial<Record<FilterName, string>> = {};
  const rest = text.replace(token, (_, name: string, value: string) => {
    found[name.toLowerCase() as FilterName] = value.replace(/^"|"$/g, '');
    return '';
  });
  return { found, rest: rest.trim().replace(/\s+/g, ' ') };
}

/** What Go is asked. Tokens that are still in the search field count already. */
export function inputOf(filters: Filters, before: string, limit: number, now: Date): CallFilter {
  const { found, rest } = readTokens(filters.q);
  const all = { ...filters, ...found };
  const span = spanMs[all.since];
  const input: CallFilter = { limit, before, status: all.status, model: all.model, provider: all.provider, apiKey: all.key, combo: all.combo, search: rest };
  if (span !== undefined) input.from = new Date(now.getTime() - span).toISOString();
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== '')) as CallFilter;
}

export function isFiltered(filters: Filters): boolean {
  return Object.values(filters).some((value) => value !== '');
}
