import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Combo, Connection, ProcessStatus, SettingsView, Trace } from '@/lib/api';
import { matchPath, Params, usePath } from '@/lib/router';
import { fakeGo, show, type Fake } from '@/test/fake';
import { Onboarding } from './onboarding';
import { command } from './parts/try';

const status = { endpoint: 'http://localhost:20128/v1', url: 'http://127.0.0.1:20128', connections: 0, combos: 0, activeCombo: '', state: 'ready', port: 20128 } as ProcessStatus;
const settings = { setupComplete: false, requireApiKey: false, theme: 'system', language: '' } as SettingsView;
const server = { provider: 'ollama-local', name: 'Ollama', baseUrl: 'http://127.0.0.1:11434/v1', port: 11434, added: false };
const account = { id: 'c1', provider: 'ollama-local', providerName: 'Ollama', prefix: 'ollama', name: 'ollama-1', kind: 'none', group: 'local', status: 'ready', keyHint: '', isActive: true, priority: 1 } as Connection;
const combo = { id: 'k1', name: 'always-on', models: ['ollama/llama3.2'], strategy: 'priority', isActive: true } as Combo;
const trace = { summary: { outcome: 'served', provider: 'Ollama', account: 'ollama-1', model: 'ollama/llama3.2', because: [] }, steps: [], omitted: 0 } as unknown as Trace;

function go(more: Parameters<typeof fakeGo>[0] = {}): Fake {
  return fakeGo({
    'System.Status': status, 'Settings.Get': settings, 'Settings.Update': { ...settings, setupComplete: true }, 'Providers.List': { connections: [] }, 'Providers.Catalog': { entries: [] },
    'Providers.Local': { servers: [server] }, 'Providers.Create': { connection: account }, 'Providers.Models': { models: [], live: true }, 'Combos.List': { combos: [] },
    'Combos.Templates': { templates: [{ code: 'best_first', name: 'always-on', models: ['ollama/llama3.2'] }] }, 'Combos.Preview': { rows: [{ step: 0, model: 'ollama/llama3.2', target: 'ollama/llama3.2', account: 'c1', accountName: 'ollama-1', verdict: 'would_answer', code: 'chosen_priority', args: {}, estMicros: 0, priceBasis: 'free' }], tokensIn: 0, tokensOut: 0 },
    'Combos.Create': { combo }, 'Overview.SendTest': { ok: true, text: 'Hello.', model: 'auto', answeredBy: 'ollama/llama3.2', ms: 1200, requestId: 'r1', error: '', kind: '' }, 'Logs.Trace': trace, ...more,
  });
}

function App() {
  const [path] = usePath();
  return <Params value={matchPath('/setup/:step?', path) ?? {}}>{path === '/' ? <p>Home</p> : <Onboarding />}</Params>;
}
const calls = (fake: Fake, verb: string) => fake.calls.filter((one) => one.verb === verb);

describe('the setup', () => {
  beforeEach(() => window.localStorage.clear());

  it('reaches a real answer in five presses', async () => {
    const fake = go();
    await show(<App />, '#/setup');
    const user = userEvent.setup();
    await user.click(screen.getByRole('button', { name: 'Start' }));
    await user.click(await screen.findByRole('button', { name: 'Use this one' }));
    await user.click(await screen.findByRole('button', { name: 'Looks good' }));
    await user.click(await screen.findByRole('button', { name: 'Send a request' }));
    expect(await screen.findByText('Hello.')).toBeTruthy();
    expect(await screen.findByText('Why it went there')).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Open the dashboard' }));
    expect(await screen.findByText('Home')).toBeTruthy();
    expect(calls(fake, 'Providers.Create')[0]?.input).toMatchObject({ provider: 'ollama-local', baseUrl: server.baseUrl });
    expect(calls(fake, 'Combos.Create')[0]?.input).toEqual({ name: 'always-on', models: ['ollama/llama3.2'], strategy: 'priority' });
    expect(calls(fake, 'Settings.Update')[0]?.input).toEqual({ setupComplete: true });
  });

  it('moves the focus to the heading of each step and has one of them', async () => {
    go();
    await show(<App />, '#/setup');
    await userEvent.click(screen.getByRole('button', { name: 'Start' }));
    const heading = await screen.findByRole('heading', { level: 1, name: 'What do you have?' });
    await waitFor(() => expect(document.activeElement).toBe(heading));
    expect(screen.getAllByRole('heading', { level: 1 })).toHaveLength(1);
  });

  it('is resumed where it was left', async () => {
    go({ 'Providers.List': { connections: [account] } });
    window.localStorage.setItem('omniroute.setup', 'combo');
    await show(<App />, '#/setup');
    expect(await screen.findByRole('button', { name: 'Looks good' })).toBeTruthy();
  });

  it('lets every step be skipped and ends all the same', async () => {
    const fake = go({ 'Providers.Local': { servers: [] }, 'Combos.Templates': { templates: [{ code: 'try_out', name: 'try-out', models: ['demo/simulated'] }] } });
    await show(<App />, '#/setup');
    const user = userEvent.setup();
    await user.click(screen.getByRole('button', { name: 'Start' }));
    await user.click(await screen.findByRole('button', { name: 'Look around without an account' }));
    expect(await screen.findByText(/Without an account there is nothing to put in order/)).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Continue' }));
    await user.click(await screen.findByRole('button', { name: 'Skip' }));
    expect(await screen.findByText('Home')).toBeTruthy();
    expect(calls(fake, 'Combos.Create')).toHaveLength(0);
    expect(calls(fake, 'Settings.Update')).toHaveLength(1);
  });

  it('hands a pasted key on and keeps nothing of it', async () => {
    const key = 'gsk_abcdefghijklmnopqrstuvwxyz0123456789';
    const entry = { id: 'groq', prefix: 'groq', name: 'Groq', group: 'apikey' as const, kinds: ['apikey' as const], keyUrl: '', baseUrl: 'https://api.groq.com/openai/v1', website: '', freeNote: '', priceNote: '', notice: '', params: [], models: 1, connected: 0 };
    go({ 'Providers.Catalog': { entries: [entry] }, 'Providers.GuessKey': { candidates: [{ provider: 'groq', name: 'Groq', sure: true }] }, 'Providers.TryKey': { valid: true, verdict: 'ok', checks: [], message: '', baseUrl: '', models: [], ms: 1 } });
    await show(<App />, '#/setup/accounts');
    const user = userEvent.setup();
    const field = (await screen.findByLabelText('API key of any provider')) as HTMLInputElement;
    await user.click(field);
    await user.paste(key);
    expect(await screen.findByRole('dialog', { name: 'Connect Groq' })).toBeTruthy();
    expect(field.value).toBe('');
    expect(document.documentElement.outerHTML).not.toContain(key);
  });
});

describe('the command for a terminal', () => {
  it('names the key only where one is needed', () => {
    expect(command('http://localhost:1/v1', 'auto', false)).toBe(`curl http://localhost:1/v1/chat/completions \\\n  -H 'Content-Type: application/json' \\\n  -d '{"model":"auto","messages":[{"role":"user","content":"Hello"}]}'`);
    expect(command('http://localhost:1/v1', 'auto', true)).toContain('Bearer $OMNIROUTE_KEY');
  });
});
