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
  const status = get('status');
  return { q: get('q'), status: means('status', status) ? status : '', model: get('model'), provider: get('provider'), key: get('key'), combo: get('combo'), since: get('since') in spanMs ? get('since') : '' };
}

const token = /(?:^|\s)(status|model|provider|key|combo|since):("[^"]*"|\S+)/gi;
const halfToken = /(?:^|\s)(?:status|model|provider|key|combo|since):(?:"[^"]*"?|\S*)/gi;
const limit = /^[<>]=?\d+(?:\.\d+)?(?:ms|s|m|h)?$/;

function means(name: FilterName, value: string): boolean {
  if (name === 'status') return /^(?:ok|success|error|failed|[1-5]xx|[1-5]\d\d)$/i.test(value);
  if (name === 'since') return value in spanMs;
  return value !== '';
}

/** Takes `status:error model:"my model"` out of what is typed. What is left
 * is searched as text; limits of time such as >2s stay in it, and so does a
 * token that means nothing (yet). */
export function readTokens(text: string): { found: Partial<Record<FilterName, string>>; rest: string } {
  const found: Partial<Record<FilterName, string>> = {};
  const rest = text.replace(token, (whole: string, name: string, quoted: string) => {
    const field = name.toLowerCase() as FilterName;
    const value = quoted.replaceAll('"', '');
    if (!means(field, value)) return whole;
    found[field] = value;
    return '';
  });
  return { found, rest: rest.trim().replace(/\s+/g, ' ') };
}

/** What of the search field can be asked for: half-typed tokens and limits
 * are not, so that typing is never answered with a complaint. */
function searchable(rest: string): string {
  return rest
    .replace(halfToken, '')
    .split(/\s+/)
    .filter((word) => word !== '' && (!/^[<>]/.test(word) || limit.test(word)))
    .join(' ');
}

/** What Go is asked. Tokens that are still in the search field count already. */
export function inputOf(filters: Filters, before: string, count: number, now: Date): CallFilter {
  const { found, rest } = readTokens(filters.q);
  const all = { ...filters, ...found };
  const span = spanMs[all.since];
  // A part of a name is a word of the search; the field wants the whole name.
  const model = all.model.replaceAll('"', '').trim();
  const search = [searchable(rest), model === '' ? '' : `model:"${model}"`].filter((part) => part !== '').join(' ');
  const input: CallFilter = { limit: count, before, status: all.status.toLowerCase(), provider: all.provider, apiKey: all.key, combo: all.combo, search };
  if (span !== undefined) input.from = new Date(now.getTime() - span).toISOString();
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== '')) as CallFilter;
}

export function isFiltered(filters: Filters): boolean {
  return Object.values(filters).some((value) => value !== '');
}
