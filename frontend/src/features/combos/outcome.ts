import type { PreviewRow } from '@/lib/api';

/** The word of the status vocabulary (dashboard 1.6) for why a step was passed
 * over. */
const statusBy: Readonly<Record<string, string>> = {
  quota_exhausted: 'out-of-quota',
  quota_empty: 'out-of-quota',
  cooldown: 'cooling',
  breaker_open: 'breaker-open',
  breaker_probing: 'probing',
  disabled: 'off',
  needs_key: 'needs-key',
  reauth: 'sign-in',
  denied: 'locked',
  blocked_provider: 'locked',
};

/** How one step of a draft is: the best of its accounts. null = it leads
 * nowhere (no account, unknown model) or is not known yet. */
export function stepStatus(rows: readonly PreviewRow[]): string | null {
  if (rows.some((row) => row.verdict !== 'skipped')) return 'ready';
  for (const row of rows) {
    const status = statusBy[row.code];
    if (status !== undefined) return status;
  }
  return null;
}
