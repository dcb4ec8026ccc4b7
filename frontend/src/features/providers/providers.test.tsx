import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { toast } from 'sonner';
import { afterEach, describe, expect, it } from 'vitest';
import { ApiFault, type Connection, type PickerEntry, type ProviderModel, type TestResult } from '@/lib/api';
import { matchPath, Params, usePath } from '@/lib/router';
import { fakeGo, show, type Fake } from '@/test/fake';
import { ProvidersPage } from './page';
import { canAnswer, isTroubled, restingModels, upstreamsOf } from './upstreams';

const account = (id: string, over: Partial<Connection> = {}): Connection => ({
  id, provider: 'groq', providerName: 'Groq', group: 'apikey', prefix: 'groq', name: id, kind: 'apikey', keyHint: 'gsk…91f0', priority: 1, isActive: true,
  status: 'ready', statusCode: '', statusArgs: {}, modelCount: 0, createdAt: '2026-11-25T12:00:00Z', updatedAt: '2026-11-25T12:00:00Z', ...over,
});
const groq: PickerEntry = { id: 'groq', prefix: 'groq', name: 'Groq', group: 'apikey', kinds: ['apikey'], keyUrl: '', baseUrl: 'https://api.groq.com/openai/v1', website: '', freeNote: '', priceNote: '', notice: '', params: [], models: 3, connected: 2 };
const good: TestResult = { valid: true, latencyMs: 182, testedAt: '2026-11-25T12:00:00Z', diagnosis: { type: 'ok', source: 'models', message: 'It works.' } };
const model = (id: string, over: Partial<ProviderModel> = {}): ProviderModel => ({
  id: `groq/${id}`, model: id, kind: 'model', name: id, provider: 'groq', providerName: 'Groq', prefix: 'groq', group: 'apikey', contextLength: 131_072, maxOutput: 32_768, inputMicros: null, outputMicros: null,
  priceBasis: 'unknown', tools: true, vision: false, reasoning: false, custom: false, status: 'ready', type: 'chat', listed: true, ...over,
});

function go(connections: Connection[], more: Parameters<typeof fakeGo>[0] = {}): Fake {
  return fakeGo({
    'Providers.List': { connections }, 'Nodes.List': { nodes: [] }, 'Providers.Catalog': { entries: [groq] }, 'Providers.Local': { servers: [] }, 'Providers.Test': good, 'Resilience.Get': { profiles: {}, defaults: { requestsPerMinute: 0, minTimeBetweenRequestsMs: 0, concurrentRequests: 0 }, circuitBreakers: [], cooldowns: [], lockouts: [] },
    'Providers.Delete': () => ({}) as never, 'Providers.Restore': ({ id }) => ({ connection: account(id) }), 'Providers.Update': ({ id, isActive }) => ({ connection: account(id, { isActive: isActive ?? true, status: isActive === false ? 'off' : 'ready' }) }),
    'Providers.Reorder': ({ ids }) => ({ connections: (ids ?? []).map((id, i) => account(id, { priority: i + 1 })) }),
    'Models.ListOf': { provider: 'groq', name: 'Groq', prefix: 'groq', models: [model('llama-3.3-70b'), model('mine', { custom: true })], readAt: '2026-11-25T12:00:00Z' }, ...more,
  });
}

function App() {
  const [path] = usePath();
  return (
    <Params value={matchPath('/providers/:id?/:tab?', path) ?? {}}>
      <main id="main" tabIndex={-1}>
        <ProvidersPage />
      </main>
    </Params>
  );
}
afterEach(() => void toast.dismiss());

const calls = (fake: Fake, verb: string) => fake.calls.filter((one) => one.verb === verb).map((one) => one.input);
const open = (name: string) => userEvent.click(screen.getByRole('button', { name: `Actions for ${name}` }));
const choose = async (name: string) => userEvent.click(await screen.findByRole('menuitem', { name }));

describe('the list of accounts', () => {
  it('tests an account and says what came of it in its row', async () => {
    const fake = go([account('one')]);
    await show(<App />, '#/providers');
    await screen.findByText('one');
    await open('one');
    await choose('Test');
    expect(await screen.findByText('Works, 182 ms.')).toBeTruthy();
    fake.set({ 'Providers.Test': { ...good, valid: false, diagnosis: { type: 'key-refused', source: 'models', message: 'Groq refused the key.' } } });
    await open('one');
    await choose('Test');
    expect(await screen.findByText('Refused: the key is not valid any more.')).toBeTruthy();
    expect(screen.getByText('Groq refused the key.')).toBeTruthy();
  });

  it('removes at once, moves the focus to a neighbour and brings it back', async () => {
    const fake = go([account('one'), account('two', { priority: 2 })]);
    await show(<App />, '#/providers');
    await screen.findByText('one');
    await open('one');
    await choose('Remove');
    await waitFor(() => expect(screen.queryByText('one')).toBeNull());
    expect(calls(fake, 'Providers.Delete')).toEqual([{ id: 'one' }]);
    await waitFor(() => expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Actions for two' })));
    await userEvent.click(await screen.findByRole('button', { name: 'Undo' }));
    expect(await screen.findByText('one')).toBeTruthy();
    expect(calls(fake, 'Providers.Restore')).toEqual([{ id: 'one' }]);
  });

  it('turns off with a way back, and on again', async () => {
    const fake = go([account('one')]);
    await show(<App />, '#/providers');
    await screen.findByText('one');
    await open('one');
    await choose('Turn off');
    await userEvent.click(await screen.findByRole('button', { name: 'Turn on' }));
    await waitFor(() => expect(calls(fake, 'Providers.Update')).toEqual([{ id: 'one', isActive: false }, { id: 'one', isActive: true }]));
  });

  it('moves an account with Alt and an arrow key', async () => {
    const fake = go([account('one'), account('two', { priority: 2 })]);
    await show(<App />, '#/providers');
    const handle = await screen.findByRole('button', { name: 'Move two' });
    handle.focus();
    await userEvent.keyboard('{Alt>}{ArrowUp}{/Alt}');
    await waitFor(() => expect(calls(fake, 'Providers.Reorder')).toEqual([{ provider: 'groq', ids: ['two', 'one'] }]));
    expect(await screen.findByText('The order of Groq has changed.')).toBeTruthy();
  });

  it('offers what helps for each trouble', async () => {
    const fake = go([account('cold', { status: 'cooling', statusUntil: '2026-11-25T23:00:00Z' }), account('lost', { status: 'needs-key', priority: 2 })], { 'Providers.Release': { connection: account('cold') } });
    await show(<App />, '#/providers');
    expect(await screen.findByText('None of your accounts can be used right now.')).toBeTruthy();
    await userEvent.click(screen.getByRole('button', { name: 'Use anyway' }));
    await waitFor(() => expect(calls(fake, 'Providers.Release')).toEqual([{ id: 'cold' }]));
    await userEvent.click(screen.getByRole('button', { name: 'Enter a new key' }));
    expect(await screen.findByRole('dialog', { name: 'New key for lost' })).toBeTruthy();
  });

  it('says which models of an account rest', async () => {
    const until = new Date(Date.now() + 60_000).toISOString();
    const view = { profiles: {}, defaults: { requestsPerMinute: 0, minTimeBetweenRequestsMs: 0, concurrentRequests: 0 }, circuitBreakers: [], cooldowns: [{ target: 'groq/llama-3.3@one', until, why: '' }], lockouts: [] };
    go([account('one')], { 'Resilience.Get': view });
    await show(<App />, '#/providers');
    expect(await screen.findByText('llama-3.3')).toBeTruthy();
    expect(screen.getByText(/rests until/)).toBeTruthy();
  });

  it('says at the row what could not be done', async () => {
    go([account('one')], { 'Providers.Delete': new ApiFault({ kind: 'unreachable', message: '' }) });
    await show(<App />, '#/providers');
    await screen.findByText('one');
    await open('one');
    await choose('Remove');
    expect(await screen.findByText('The gateway does not answer.')).toBeTruthy();
    expect(screen.getByText('one')).toBeTruthy();
  });

  it('finds accounts and says when there are none', async () => {
    go([account('work'), account('home', { provider: 'openai', providerName: 'OpenAI' })]);
    await show(<App />, '#/providers');
    await userEvent.type(await screen.findByRole('textbox', { name: 'Search accounts' }), 'openai');
    await waitFor(() => expect(screen.queryByText('work')).toBeNull());
    expect(screen.getByText('home')).toBeTruthy();
    await userEvent.type(screen.getByRole('textbox', { name: 'Search accounts' }), ' nothing');
    expect(await screen.findByText('No account matches.')).toBeTruthy();
  });

  it('folds 200 accounts to counts until they are asked for', async () => {
    go(Array.from({ length: 200 }, (_, i) => account(`acc-${i}`, { priority: i + 1, status: i === 7 ? 'sign-in' : 'ready' })));
    await show(<App />, '#/providers');
    expect(await screen.findByText('1 needs attention')).toBeTruthy();
    expect(screen.queryByText('acc-0')).toBeNull();
    expect(document.querySelectorAll('*').length).toBeLessThan(1_500);
    await userEvent.click(screen.getByRole('button', { name: 'Show 200 accounts' }));
    expect(await screen.findByText('acc-0')).toBeTruthy();
    expect(screen.queryByText('acc-60')).toBeNull();
    expect(screen.getByRole('button', { name: 'Show 40 more' })).toBeTruthy();
  });

  it('is the list of providers while nothing is connected', async () => {
    go([]);
    await show(<App />, '#/providers');
    await userEvent.click(await screen.findByRole('button', { name: /^Groq/ }));
    expect(await screen.findByRole('dialog', { name: 'Connect Groq' })).toBeTruthy();
  });

  it('opens the dialog from the address', async () => {
    go([account('one')]);
    await show(<App />, '#/providers?add=groq');
    expect(await screen.findByRole('dialog', { name: 'Connect Groq' })).toBeTruthy();
    await userEvent.keyboard('{Escape}');
    await waitFor(() => expect(window.location.hash).toBe('#/providers'));
  });
});

describe('a provider', () => {
  it('lists its models, tests one and takes back one that was added', async () => {
    const fake = go([account('one')], { 'Models.Test': { model: 'groq/llama-3.3-70b', status: 'ok', latencyMs: 820 }, 'Models.RemoveCustom': () => ({}) as never, 'Models.RestoreCustom': { model: { provider: 'groq', id: 'mine', name: 'mine' } } });
    await show(<App />, '#/providers/groq/models');
    const row = (await screen.findByText('groq/llama-3.3-70b')).closest('tr')!;
    await userEvent.click(within(row).getByRole('button', { name: 'Test groq/llama-3.3-70b' }));
    expect(await within(row).findByText('Works, 820 ms')).toBeTruthy();
    await userEvent.click(screen.getByRole('button', { name: 'Remove groq/mine' }));
    await waitFor(() => expect(calls(fake, 'Models.RemoveCustom')).toEqual([{ provider: 'groq', model: 'mine' }]));
    await userEvent.click(await screen.findByRole('button', { name: 'Undo' }));
    await waitFor(() => expect(calls(fake, 'Models.RestoreCustom')).toHaveLength(1));
  });

  it('adds a model id, with or without the prefix', async () => {
    const fake = go([account('one')], { 'Models.AddCustom': { model: { provider: 'groq', id: 'new-one', name: 'new-one' } } });
    await show(<App />, '#/providers/groq/models');
    await userEvent.click(await screen.findByRole('button', { name: 'Add model id' }));
    await userEvent.type(await screen.findByLabelText('Model id'), 'groq/new-one');
    await userEvent.click(screen.getByRole('button', { name: 'Add' }));
    await waitFor(() => expect(calls(fake, 'Models.AddCustom')).toEqual([{ provider: 'groq', modelId: 'new-one', modelName: '' }]));
  });

  it('says that it does not exist', async () => {
    go([account('one')]);
    await show(<App />, '#/providers/nope');
    expect(await screen.findByText('There is no such provider.')).toBeTruthy();
  });
});

describe('grouping', () => {
  it('puts accounts in the order they are used and keeps endpoints without one', () => {
    const node = { id: 'n1', name: 'Box', prefix: 'box', type: 'openai-compatible', apiType: 'chat', baseUrl: 'http://127.0.0.1:9/v1' };
    const found = upstreamsOf([account('b', { priority: 2 }), account('a'), account('c', { provider: 'claude', providerName: 'Claude Code', group: 'subscription' })], [node], [groq]);
    expect(found.map((one) => [one.name, one.accounts.map((row) => row.id)])).toEqual([['Claude Code', ['c']], ['Groq', ['a', 'b']], ['Box', []]]);
  });

  it('tells the models that rest from the account', () => {
    const until = '2026-11-25T14:41:00Z';
    const cooldowns = [{ target: 'groq/llama/3.3@work', until, why: '' }, { target: 'groq/*@work', until, why: '' }, { target: 'groq/llama@home', until, why: '' }, { target: 'groq2/llama@work', until, why: '' }];
    expect(restingModels({ prefix: 'groq', name: 'work' }, cooldowns)).toEqual([{ model: 'llama/3.3', until }]);
  });

  it('knows who needs somebody', () => {
    expect(isTroubled({ status: 'sign-in' })).toBe(true);
    expect(isTroubled({ status: 'off' })).toBe(false);
    expect(canAnswer({ status: 'untested' })).toBe(true);
    expect(canAnswer({ status: 'breaker-open' })).toBe(false);
  });
});
