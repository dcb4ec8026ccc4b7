import { act, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CallLog, Trace } from '@/lib/api';
import { Params, matchPath, usePath } from '@/lib/router';
import { fakeGo, show } from '@/test/fake';
import { Logs } from './logs';

const feed = vi.hoisted(() => ({ hear: undefined as ((message: unknown) => void) | undefined }));
vi.mock('@/lib/query', async (original) => ({
  ...(await original<typeof import('@/lib/query')>()),
  useFeed: (handler: (message: unknown) => void) => void (feed.hear = handler),
}));

const saved = vi.hoisted(() => ({ files: [] as { name: string; type: string; text: string }[], copied: [] as string[] }));
vi.mock('@/lib/platform', async (original) => ({
  ...(await original<typeof import('@/lib/platform')>()),
  saveFile: (name: string, type: string, text: string) => void saved.files.push({ name, type, text }),
  copyText: async (text: string) => void saved.copied.push(text),
}));

const log = (n: number, part: Partial<CallLog> = {}): CallLog => ({
  id: `R${String(n).padStart(4, '0')}`, time: '2026-11-20T14:02:11Z', path: '/v1/messages', requestedModel: 'auto', answeredBy: 'glm/glm-4.7', status: 200,
  tokens: { input: 8112, output: 412, cacheRead: 5900, cacheWrite: 0, reasoning: 120 }, costUsd: '0.004', costMicros: 4000, ttftMs: 380, totalMs: 1243, cache: '', attempts: 2,
  kind: '', error: '', stream: true, road: 'translated', agent: 'claude-cli/2.1', combo: 'always-on', provider: 'glm', account: 'a2', accountName: 'glm-1', providerName: 'GLM', costBasis: 'exact', apiKey: 'laptop', apiKeyId: 'k1', estimated: false, ...part,
});

const trace = (id: string): Trace => ({
  id, time: '2026-11-20T14:02:11Z', path: '/v1/messages', agent: 'claude-cli/2.1', apiKey: 'laptop', apiKeyId: 'k1', requestedModel: 'auto', combo: 'always-on', answeredBy: 'glm/glm-4.7', status: 200, kind: '', error: '', stream: true,
  summary: {
    outcome: 'served', model: 'glm/glm-4.7', provider: 'GLM', account: 'glm-1',
    because: [
      { model: 'anthropic/opus', provider: 'Anthropic', account: 'ana', code: 'quota_exhausted', args: { until: '2030-01-01T18:00:00Z' } },
      { model: 'anthropic/opus', provider: 'Anthropic', account: 'work', code: 'upstream_status', args: { status: '429', ms: '310' } },
    ],
  },
  steps: [
    { atMs: 0, kind: 'candidate', model: 'anthropic/opus', provider: 'anthropic', providerName: 'Anthropic', account: 'a1', accountName: 'ana', outcome: 'skipped', code: 'quota_exhausted', args: { until: '2030-01-01T18:00:00Z' }, why: '', httpStatus: 0, ms: 0, firstTokenMs: 0 },
    { atMs: 1, kind: 'candidate', model: 'glm/glm-4.7', provider: 'glm', providerName: 'GLM', account: 'a2', accountName: 'glm-1', outcome: 'served', code: 'chosen_next', args: {}, why: '', httpStatus: 200, ms: 925, firstTokenMs: 380 },
  ],
  omitted: 0, totalMs: 1243, ownMs: 1, ownUs: 600, upstreamMs: 1242, firstTokenMs: 690, tokens: { input: 8112, output: 412, cacheRead: 5900, cacheWrite: 0, reasoning: 120, basis: 'exact' }, cost: { micros: 4000, basis: 'exact' },
  formatFrom: 'anthropic', formatTo: 'openai-chat', road: 'translated', losses: [{ path: 'messages[1].cache_control', why: 'prompt caching is automatic there' }], policies: [], cache: '', revision: 3,
});

/** Stands for the router: gives the page its parameters. */
function Shell() {
  const [path] = usePath();
  return (
    <Params value={matchPath('/logs/:tab?/:id?', path) ?? {}}>
      <Logs />
    </Params>
  );
}

function world(logs: CallLog[]) {
  return fakeGo({
    'Logs.Calls': { logs, partial: false },
    'Logs.Trace': ({ id }) => trace(id),
    'Logs.Export': { name: 'r.csv', type: 'text/csv', text: 'id', rows: 2, complete: true },
    'Keys.List': { keys: [], anonymous: { requests: 0, failed: 0, tokens: 0, spentMicros: 0, unpriced: 0 } },
    'Providers.List': { connections: [] },
    'Combos.List': { combos: [] },
    'System.Status': { endpoint: 'http://localhost:20128/v1' } as never,
  });
}

const asked = (go: ReturnType<typeof world>) => go.calls.filter((made) => made.verb === 'Logs.Calls').at(-1)?.input;

beforeEach(() => {
  saved.files = [];
  saved.copied = [];
});
afterEach(() => vi.useRealTimers());

describe('the request log', () => {
  it('shows who asked for what, who answered and what it cost', async () => {
    world([log(2), log(1, { kind: 'exhausted', status: 503, answeredBy: '', costMicros: null, tokens: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0 } })]);
    await show(<Shell />, '#/logs');
    const [first, second] = (await screen.findAllByRole('row')).slice(1);
    expect(first?.textContent).toContain('glm-4.7');
    expect(first?.textContent).toContain('8,112 / 412');
    expect(first?.textContent).toContain('$0.004');
    expect(within(first!).getByText('1 try before it')).toBeTruthy();
    expect(second?.textContent).toContain('Failed · 503');
    expect(second?.textContent).not.toContain('$0');
  });

  it('takes tokens from the search field, in the address and as chips', async () => {
    const go = world([log(1)]);
    const user = userEvent.setup();
    await show(<Shell />, '#/logs/requests');
    await user.click(await screen.findByLabelText('Search requests'));
    await user.paste('status:error model:opus hello >2s');
    await user.keyboard('{Enter}');
    await waitFor(() => expect(asked(go)).toMatchObject({ status: 'error', search: 'hello >2s model:"opus"' }));
    expect(await screen.findByText('Outcome: Failed')).toBeTruthy();
    expect(window.location.hash).toContain('status=error');
    expect(screen.getByLabelText<HTMLInputElement>('Search requests').value).toBe('hello >2s');
    await user.click(screen.getByRole('button', { name: 'Remove filter Outcome' }));
    await waitFor(() => expect(asked(go)).not.toHaveProperty('status'));
  });

  it('opens a request beside the list, walks on with the arrows, and gives the focus back', async () => {
    world([log(3), log(2), log(1)]);
    const user = userEvent.setup();
    await show(<Shell />, '#/logs/requests?status=ok');
    const [, row] = await screen.findAllByRole('row');
    row!.focus();
    await user.keyboard('{Enter}');
    const sheet = await screen.findByRole('dialog', { name: 'Request' });
    expect(window.location.hash).toBe('#/logs/requests/R0003?status=ok');
    expect(await within(sheet).findByText(/^Answered by GLM \(glm-1\) because/)).toBeTruthy();
    await user.keyboard('{ArrowDown}');
    await waitFor(() => expect(window.location.hash).toBe('#/logs/requests/R0002?status=ok'));
    await user.keyboard('{Escape}');
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    await waitFor(() => expect(document.activeElement?.getAttribute('data-row')).toBe('R0002'));
  });

  it('says in a sentence why it went there, with the first two causes', async () => {
    world([log(1)]);
    await show(<Shell />, '#/logs/requests/R0001');
    expect(await screen.findByText(/^Answered by GLM \(glm-1\) because the quota of Anthropic \(ana\) is used up until .* and Anthropic \(work\) answered 429\.$/)).toBeTruthy();
    expect(screen.getByText('Anthropic Messages → OpenAI Chat Completions')).toBeTruthy();
    expect(screen.getByText('messages[1].cache_control')).toBeTruthy();
  });

  it('copies a curl line with path and model, and no key', async () => {
    world([log(1)]);
    const user = userEvent.setup();
    await show(<Shell />, '#/logs/requests/R0001');
    await user.click(await screen.findByRole('button', { name: 'Copy as curl' }));
    await waitFor(() => expect(saved.copied).toHaveLength(1));
    expect(saved.copied[0]).toContain("curl 'http://localhost:20128/v1/messages'");
    expect(saved.copied[0]).toContain('"model":"auto"');
    expect(saved.copied[0]).toContain('$OMNIROUTE_KEY');
  });

  it('keeps new rows waiting while they are off, and shows them when asked', async () => {
    const go = world([log(1)]);
    const user = userEvent.setup();
    await show(<Shell />, '#/logs/requests?live=off');
    expect(await screen.findAllByRole('row')).toHaveLength(2);
    go.set({ 'Logs.Calls': { logs: [log(3), log(2), log(1)], partial: false } });
    vi.useFakeTimers({ shouldAdvanceTime: true });
    act(() => feed.hear?.({ topic: 'request', rev: 1, data: { requests: [] } }));
    await act(() => vi.advanceTimersByTimeAsync(1_100));
    vi.useRealTimers();
    await user.click(await screen.findByRole('button', { name: 'Show 2 new' }));
    await waitFor(() => expect(screen.getAllByRole('row')).toHaveLength(4));
  });

  it('lets live rows in by themselves, but not under the pointer', async () => {
    const go = world([log(1)]);
    const user = userEvent.setup();
    await show(<Shell />, '#/logs/requests');
    const [, row] = await screen.findAllByRole('row');
    await user.hover(row!);
    go.set({ 'Logs.Calls': { logs: [log(2), log(1)], partial: false } });
    vi.useFakeTimers({ shouldAdvanceTime: true });
    act(() => feed.hear?.({ topic: 'request', rev: 1, data: { requests: [] } }));
    await act(() => vi.advanceTimersByTimeAsync(1_100));
    vi.useRealTimers();
    expect(await screen.findByRole('button', { name: 'Show 1 new' })).toBeTruthy();
    expect(screen.getAllByRole('row')).toHaveLength(2);
    await user.hover(document.body);
    await waitFor(() => expect(screen.getAllByRole('row')).toHaveLength(3));
  });

  it('saves the filtered requests as a file', async () => {
    const go = world([log(1)]);
    const user = userEvent.setup();
    await show(<Shell />, '#/logs/requests?status=error');
    await user.click(await screen.findByRole('button', { name: 'Export' }));
    await user.click(await screen.findByRole('menuitem', { name: 'As CSV' }));
    await waitFor(() => expect(saved.files).toEqual([{ name: 'r.csv', type: 'text/csv', text: 'id' }]));
    expect(go.calls.find((made) => made.verb === 'Logs.Export')?.input).toMatchObject({ format: 'csv', status: 'error' });
  });

  it('tells an empty log from an empty search', async () => {
    const go = world([]);
    const user = userEvent.setup();
    await show(<Shell />, '#/logs/requests?model=x');
    expect(await screen.findByText('No requests match.')).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Clear filters' }));
    expect(await screen.findByText('Requests appear here.')).toBeTruthy();
    expect(asked(go)).toEqual({ limit: 50 });
  });

  it('remembers which columns are off', async () => {
    world([log(1)]);
    const user = userEvent.setup();
    const { unmount } = await show(<Shell />, '#/logs/requests');
    await user.click(await screen.findByRole('button', { name: 'Columns' }));
    await user.click(await screen.findByRole('menuitemcheckbox', { name: 'Cost' }));
    await waitFor(() => expect(screen.queryByRole('columnheader', { name: 'Cost' })).toBeNull());
    unmount();
    await show(<Shell />, '#/logs/requests');
    expect(await screen.findByRole('columnheader', { name: 'Took' })).toBeTruthy();
    expect(screen.queryByRole('columnheader', { name: 'Cost' })).toBeNull();
  });
});
