import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import type { Connection, KeyReport, PickerEntry } from '@/lib/api';
import { ApiFault } from '@/lib/api';
import { fakeGo, show, type Fake } from '@/test/fake';
import { ConnectDialog } from './connect-dialog';
import { looksLikeAddress, looksLikeKey, nextName } from './names';

const entry = (over: Partial<PickerEntry>): PickerEntry => ({
  id: 'groq', prefix: 'groq', name: 'Groq', group: 'apikey', kinds: ['apikey'], keyUrl: 'https://console.groq.com/keys', baseUrl: 'https://api.groq.com/openai/v1',
  website: '', freeNote: '', priceNote: '', notice: '', params: [], models: 3, connected: 0, ...over,
});
const entries = [
  entry({}),
  entry({ id: 'together', prefix: 'together', name: 'Together AI' }),
  entry({ id: 'claude', prefix: 'cc', name: 'Claude Code', group: 'subscription', kinds: ['relay'], notice: 'The vendor says so.' }),
  entry({ id: 'openai-compatible', prefix: '', name: 'OpenAI-compatible', group: 'custom', kinds: ['apikey', 'none'], baseUrl: '', keyUrl: '' }),
  entry({ id: 'demo', prefix: 'demo', name: 'Demo', group: 'demo', kinds: [] }),
];
const connection = (over: Partial<Connection> = {}): Connection => ({
  id: 'c1', provider: 'groq', providerName: 'Groq', group: 'apikey', prefix: 'groq', name: 'groq-1', kind: 'apikey', keyHint: 'gsk…91f0', priority: 1, isActive: true,
  status: 'ready', statusCode: '', statusArgs: {}, modelCount: 0, createdAt: '2026-11-25T12:00:00Z', updatedAt: '2026-11-25T12:00:00Z', ...over,
});
const good: KeyReport = {
  valid: true, verdict: 'ok', message: 'It works.', baseUrl: 'https://api.groq.com/openai/v1', models: [], ms: 120,
  checks: [{ code: 'reachable', ok: true, why: 'ok', args: {} }, { code: 'accepted', ok: true, why: 'ok', args: {} }, { code: 'models', ok: true, why: 'ok', args: { count: '214' } }],
};
const refused: KeyReport = {
  ...good, valid: false, verdict: 'key-refused', message: 'Groq refused the key.',
  checks: [{ code: 'reachable', ok: true, why: 'ok', args: {} }, { code: 'accepted', ok: false, why: 'refused', args: {} }],
};
const secret = 'gsk_abcdefghijklmnopqrstuvwxyz0123456789';

function go(more: Parameters<typeof fakeGo>[0] = {}): Fake {
  return fakeGo({
    'Providers.Catalog': { entries }, 'Providers.List': { connections: [] }, 'Providers.Local': { servers: [] },
    'Providers.GuessKey': { candidates: [{ provider: 'groq', name: 'Groq', sure: true }] }, 'Providers.TryKey': good,
    'Providers.Create': { connection: connection() }, ...more,
  });
}
const calls = (fake: Fake, verb: string) => fake.calls.filter((one) => one.verb === verb);
const open = async (onClose = vi.fn()) => {
  await show(<ConnectDialog open onClose={onClose} />);
  await screen.findByRole('button', { name: 'Groq' });
  return onClose;
};
/** Everything a screenshot tool or an extension could read. */
const dom = () => document.documentElement.outerHTML;

describe('adding an account', () => {
  it('guesses a pasted key, tries it by itself and saves it with one press', async () => {
    const fake = go();
    const closed = await open();
    const user = userEvent.setup();
    await user.click(screen.getByRole('textbox', { name: /search, or paste/i }));
    await user.paste(secret);
    expect(await screen.findByText('Looks like a Groq key.')).toBeTruthy();
    expect(await screen.findByText(/214 models/)).toBeTruthy();
    expect(dom()).not.toContain(secret);
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => expect(closed).toHaveBeenCalled());
    expect(calls(fake, 'Providers.Create')[0]?.input).toMatchObject({ provider: 'groq', apiKey: secret, name: 'groq-1', kind: 'apikey' });
    expect(calls(fake, 'Providers.TryKey')).toHaveLength(1);
    expect(dom()).not.toContain(secret);
  });

  it('says what is wrong, keeps the text in the field and offers to save anyway', async () => {
    const fake = go({ 'Providers.TryKey': refused });
    await open();
    const user = userEvent.setup();
    await user.click(screen.getByRole('button', { name: 'Groq' }));
    await user.click(screen.getByLabelText('API key'));
    await user.paste(secret);
    expect(await screen.findByText(/Refused: this key is not valid here/)).toBeTruthy();
    expect((screen.getByLabelText('API key') as HTMLInputElement).value).toBe(secret);
    await user.click(screen.getByRole('button', { name: 'Save anyway' }));
    await waitFor(() => expect(calls(fake, 'Providers.Create')).toHaveLength(1));
  });

  it('names the provider whose key it is and goes there with it', async () => {
    go({ 'Providers.TryKey': { ...refused, checks: [{ code: 'reachable', ok: true, why: 'ok', args: {} }, { code: 'accepted', ok: false, why: 'wrong_provider', args: { provider: 'groq', name: 'Groq' } }] } });
    await open();
    const user = userEvent.setup();
    await user.click(screen.getByRole('button', { name: 'Together AI' }));
    await user.click(screen.getByLabelText('API key'));
    await user.paste(secret);
    await user.click(await screen.findByRole('button', { name: 'Use Groq' }));
    expect(await screen.findByRole('dialog', { name: 'Connect Groq' })).toBeTruthy();
    expect((screen.getByLabelText('API key') as HTMLInputElement).value).toBe(secret);
  });

  it('asks when the key could be of several', async () => {
    go({ 'Providers.GuessKey': { candidates: [{ provider: 'together', name: 'Together AI', sure: false }, { provider: 'groq', name: 'Groq', sure: false }] } });
    await open();
    const user = userEvent.setup();
    await user.click(screen.getByRole('textbox', { name: /search, or paste/i }));
    await user.paste(secret);
    const question = await screen.findByText(/could be a key of one of these/);
    expect((screen.getByRole('textbox', { name: /search, or paste/i }) as HTMLInputElement).value).toBe('');
    await user.click(within(question.parentElement!).getByRole('button', { name: 'Together AI' }));
    expect((await screen.findByLabelText('API key') as HTMLInputElement).value).toBe(secret);
  });

  it('shows what the terms say before it relays', async () => {
    const fake = go({ 'Providers.Create': { connection: connection({ provider: 'claude', kind: 'relay', name: 'cc-1' }) } });
    await open();
    const user = userEvent.setup();
    await user.click(screen.getByRole('button', { name: /Claude Code/ }));
    expect(await screen.findByText('The vendor says so.')).toBeTruthy();
    expect(screen.getByText(/the vendor's to say/)).toBeTruthy();
    expect(calls(fake, 'Providers.Create')).toHaveLength(0);
    await user.click(screen.getByRole('button', { name: 'Relay Claude Code' }));
    await waitFor(() => expect(calls(fake, 'Providers.Create')[0]?.input).toEqual({ provider: 'claude', kind: 'relay', name: 'cc-1' }));
  });

  it('shows where calls of an endpoint go, proposes a prefix and tries it only when the address is left', async () => {
    const node = { id: 'n1', name: 'h.example', prefix: 'h', type: 'openai-compatible', apiType: 'chat', baseUrl: 'https://h.example/v1' };
    const fake = go({
      'Nodes.Draft': { baseUrl: 'https://h.example/v1', callUrl: 'https://h.example/v1/chat/completions', prefix: 'h', takenBy: '', shadows: '', local: false },
      'Nodes.Create': { node }, 'Providers.Create': { connection: connection({ provider: 'n1', name: 'h-1' }) },
    });
    await open();
    const user = userEvent.setup();
    await user.click(screen.getByRole('button', { name: /OpenAI-compatible/ }));
    await user.type(await screen.findByLabelText('Base URL'), 'https://h.example');
    expect(await screen.findByText('https://h.example/v1/chat/completions')).toBeTruthy();
    expect((screen.getByLabelText('Prefix') as HTMLInputElement).value).toBe('h');
    expect(calls(fake, 'Providers.TryKey')).toHaveLength(0);
    await user.click(screen.getByLabelText(/API key/));
    await waitFor(() => expect(calls(fake, 'Providers.TryKey')[0]?.input).toMatchObject({ type: 'openai-compatible', apiType: 'chat', baseUrl: 'https://h.example', apiKey: '' }));
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => expect(calls(fake, 'Providers.Create')[0]?.input).toMatchObject({ provider: 'n1', kind: 'none' }));
    expect(calls(fake, 'Nodes.Create')[0]?.input).toMatchObject({ prefix: 'h', baseUrl: 'https://h.example' });
  });

  it('explains a prefix that is in use and does not save', async () => {
    const fake = go({ 'Nodes.Draft': { baseUrl: 'https://h.example/v1', callUrl: 'https://h.example/v1/chat/completions', prefix: 'box', takenBy: 'My box', shadows: '', local: false } });
    await open();
    const user = userEvent.setup();
    await user.click(screen.getByRole('button', { name: /OpenAI-compatible/ }));
    await user.type(await screen.findByLabelText('Base URL'), 'https://h.example');
    expect(await screen.findByText(/“My box” has this prefix already/)).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Save' }));
    expect(calls(fake, 'Nodes.Create')).toHaveLength(0);
  });

  it('takes an endpoint back when no account could be made for it', async () => {
    const fake = go({
      'Nodes.Draft': { baseUrl: 'https://h.example/v1', callUrl: 'https://h.example/v1/chat/completions', prefix: 'h', takenBy: '', shadows: '', local: false },
      'Nodes.Create': { node: { id: 'n1', name: 'h', prefix: 'h', type: 'openai-compatible', apiType: 'chat', baseUrl: 'https://h.example/v1' } },
      'Providers.Create': new ApiFault({ kind: 'internal', message: 'The vault is locked.' }), 'Nodes.Delete': () => ({}) as never,
    });
    await open();
    const user = userEvent.setup();
    await user.click(screen.getByRole('button', { name: /OpenAI-compatible/ }));
    await user.type(await screen.findByLabelText('Base URL'), 'https://h.example');
    await screen.findByText('https://h.example/v1/chat/completions');
    await user.click(screen.getByRole('button', { name: 'Save' }));
    expect(await screen.findByText('The vault is locked.')).toBeTruthy();
    expect(calls(fake, 'Nodes.Delete')[0]?.input).toEqual({ id: 'n1' });
  });

  it('connects a server of this computer with one press', async () => {
    const server = { provider: 'ollama-local', name: 'Ollama', baseUrl: 'http://127.0.0.1:11434/v1', port: 11434, added: false };
    const fake = go({ 'Providers.Local': { servers: [server] }, 'Providers.Create': { connection: connection({ provider: 'ollama-local', name: 'ollama-1', kind: 'none' }) } });
    const closed = await open();
    await userEvent.click(await screen.findByRole('button', { name: 'Connect Ollama' }));
    await waitFor(() => expect(closed).toHaveBeenCalled());
    expect(calls(fake, 'Providers.Create')[0]?.input).toEqual({ provider: 'ollama-local', name: 'ollama-1', kind: 'none', baseUrl: server.baseUrl });
  });
});

describe('what is typed', () => {
  it('is a search until Enter says that it is whole', async () => {
    const fake = go();
    await open();
    const user = userEvent.setup();
    const field = screen.getByRole('textbox', { name: /search, or paste/i });
    await user.type(field, secret);
    expect(calls(fake, 'Providers.GuessKey')).toHaveLength(0);
    await user.keyboard('{Enter}');
    expect(await screen.findByRole('dialog', { name: 'Connect Groq' })).toBeTruthy();
    expect(calls(fake, 'Providers.GuessKey')[0]?.input).toEqual({ key: secret });
  });

  it('opens the first match with Enter and is walked with arrow keys', async () => {
    go();
    await open();
    const user = userEvent.setup();
    const field = screen.getByRole('textbox', { name: /search, or paste/i });
    await user.type(field, 'g');
    await user.keyboard('{ArrowDown}');
    expect(document.activeElement?.textContent).toContain('Groq');
    await user.keyboard('{ArrowRight}');
    expect(document.activeElement?.textContent).toContain('Together');
    await user.type(field, 'roq{Enter}');
    expect(await screen.findByRole('dialog', { name: 'Connect Groq' })).toBeTruthy();
  });

  it('goes to a custom endpoint when an address is pasted', async () => {
    go({ 'Nodes.Draft': { baseUrl: 'https://h.example/v1', callUrl: 'https://h.example/v1/chat/completions', prefix: 'h', takenBy: '', shadows: '', local: false } });
    await open();
    const user = userEvent.setup();
    await user.click(screen.getByRole('textbox', { name: /search, or paste/i }));
    await user.paste('https://h.example/v1');
    expect(((await screen.findByLabelText('Base URL')) as HTMLInputElement).value).toBe('https://h.example/v1');
  });

  it('says what an address needs', async () => {
    go();
    await open();
    const user = userEvent.setup();
    await user.click(screen.getByRole('button', { name: /OpenAI-compatible/ }));
    await user.type(await screen.findByLabelText('Base URL'), 'h.example');
    await user.tab();
    expect(await screen.findByText('Begin with http:// or https:// and name a host.')).toBeTruthy();
  });
});

describe('what is pasted', () => {
  it('is told from what is searched', () => {
    for (const key of [secret, 'sk-ant-api03-AbCdEf0123', 'AIzaSyA0123456789abcdef']) expect(looksLikeKey(key), key).toBe(true);
    for (const text of ['groq', 'hugging face inference providers', 'https://api.example.com/v1/1234', 'alibaba-coding-plan']) expect(looksLikeKey(text), text).toBe(false);
    for (const url of ['http://localhost:8000', 'https://api.example.com/v1', 'http://10.0.0.2:1234']) expect(looksLikeAddress(url), url).toBe(true);
    for (const text of ['https:', 'http://', 'ollama']) expect(looksLikeAddress(text), text).toBe(false);
  });

  it('gets a name nobody has', () => {
    expect(nextName('groq', [])).toBe('groq-1');
    expect(nextName('groq', [{ name: 'groq-1' }, { name: 'groq-3' }])).toBe('groq-2');
  });
});
