import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import { ApiFault, type PreviewRow } from '@/lib/api';
import { account, log, settings, status } from '@/test/data';
import { fakeGo, show } from '@/test/fake';
import { Home } from './home';
import { stepsOf } from './parts/combo-card';

const row = (over: Partial<PreviewRow>): PreviewRow => ({ step: 0, model: 'cc/opus', target: 'cc/opus', account: 'a', accountName: 'ana', verdict: 'would_answer', code: '', args: {}, estMicros: null, priceBasis: 'unknown', ...over });

const well = {
  'System.Status': status,
  'Settings.Get': settings,
  'Overview.Today': { since: '2026-11-25T00:00:00Z', asOf: '2026-11-25T14:00:00Z', requests: 214, failed: 2, tokens: { input: 3_000_000, output: 100_000, cacheRead: 1_830_000, cacheWrite: 0, reasoning: 0 }, spentMicros: 1_840_000, unpriced: 3 },
  'Logs.Calls': { logs: [log], partial: false },
  'Combos.Preview': { rows: [row({ verdict: 'skipped', code: 'cooldown', args: { until: '2026-11-25T18:00:00Z' } }), row({ step: 1, model: 'glm/glm-4.7', target: 'glm/glm-4.7' })], tokensIn: 2000, tokensOut: 500 },
};

describe('Home', () => {
  it('shows the address, the order of the combo, the day and the last requests', async () => {
    fakeGo(well);
    await show(<Home />);
    expect(await screen.findByText('http://localhost:20128/v1')).toBeTruthy();
    const combo = await screen.findByRole('region', { name: 'Active combo' });
    expect(await within(combo).findByText('Cooling down')).toBeTruthy();
    expect(within(combo).getByText('Ready')).toBeTruthy();
    expect(combo.textContent).toContain('Next requestglm/glm-4.7');
    const today = screen.getByRole('region', { name: 'Today' });
    expect(await within(today).findByText('214')).toBeTruthy();
    expect(today.textContent).toContain('2 failed');
    expect(today.textContent).toContain('3.1M');
    expect(today.textContent).toContain('61% cached');
    expect(today.textContent).toContain('$1.84');
    const last = screen.getByRole('link', { name: /glm\/glm-4\.7/ });
    expect(last.getAttribute('href')).toBe('#/logs/requests/r1');
    expect(last.textContent).toContain('Claude Code');
  });

  it('never says that nothing was spent when no price is known', async () => {
    fakeGo({ ...well, 'Overview.Today': { ...well['Overview.Today'], spentMicros: 0, unpriced: 214 } });
    await show(<Home />);
    const today = await screen.findByRole('region', { name: 'Today' });
    expect(await within(today).findByText('—')).toBeTruthy();
    expect(today.textContent).not.toContain('$0.00');
  });

  it('sends a test and says who answered', async () => {
    const go = fakeGo({ ...well, 'Overview.SendTest': { ok: true, text: 'Hello.', model: 'auto', answeredBy: 'glm/glm-4.7', ms: 1200, requestId: 'r9', error: '', kind: '' } });
    await show(<Home />);
    await userEvent.click(await screen.findByRole('button', { name: 'Send a test' }));
    expect(await screen.findByText('Hello.')).toBeTruthy();
    expect(screen.getAllByRole('status').some((said) => said.textContent.includes('1.2 s · glm/glm-4.7'))).toBe(true);
    expect(go.calls.filter((call) => call.verb === 'Overview.SendTest')).toHaveLength(1);
  });

  it('says in words when the test failed, with the way to the reason', async () => {
    fakeGo({ ...well, 'Overview.SendTest': { ok: false, text: '', model: 'auto', answeredBy: '', ms: 3, requestId: 'r9', error: 'No target is left.', kind: 'exhausted' } });
    await show(<Home />);
    await userEvent.click(await screen.findByRole('button', { name: 'Send a test' }));
    expect(await screen.findByText(/No model could answer\./)).toBeTruthy();
    expect(screen.getByRole('link', { name: 'See why' }).getAttribute('href')).toBe('#/logs/requests/r9');
  });

  it('shows one broken card and the rest', async () => {
    const go = fakeGo({ ...well, 'Overview.Today': new ApiFault({ kind: 'internal', message: 'The books cannot be read.' }) });
    await show(<Home />);
    const today = await screen.findByRole('region', { name: 'Today' });
    expect(await within(today).findByText('Something went wrong inside OmniRoute.')).toBeTruthy();
    expect(screen.getByText('http://localhost:20128/v1')).toBeTruthy();
    go.set({ 'Overview.Today': well['Overview.Today'] });
    await userEvent.click(within(today).getByRole('button', { name: 'Try again' }));
    expect(await within(today).findByText('214')).toBeTruthy();
  });

  it('offers three ways to whoever has no account', async () => {
    fakeGo({ ...well, 'System.Status': { ...status, connections: 0, combos: 0, activeCombo: '' }, 'Providers.Local': { servers: [] } });
    await show(<Home />);
    const start = await screen.findByRole('region', { name: /no account yet/ });
    expect(within(start).getByRole('link', { name: 'Add account' }).getAttribute('href')).toBe('#/providers?add');
    expect(within(start).getByRole('link', { name: 'Guided setup' }).getAttribute('href')).toBe('#/setup');
    expect(screen.queryByRole('region', { name: 'Active combo' })).toBeNull();
    expect(await screen.findByText(/works without an account/)).toBeTruthy();
  });

  it('uses a local server in one press: account, combo, active', async () => {
    const go = fakeGo({
      ...well,
      'System.Status': { ...status, connections: 0, combos: 0, activeCombo: '' },
      'Providers.Local': { servers: [{ provider: 'ollama', name: 'Ollama', baseUrl: 'http://127.0.0.1:11434', port: 11434, added: false }] },
      'Providers.List': { connections: [] },
      'Providers.Create': { connection: { ...account, provider: 'ollama', prefix: 'ollama' } },
      'Providers.Models': { models: [{ id: 'qwen3' } as never], live: true },
      'Combos.Create': { combo: { id: 'c9', name: 'local', models: ['ollama/qwen3'], strategy: 'priority', config: {}, isActive: false, createdAt: '', updatedAt: '' } as never },
      'Combos.Activate': (() => ({ combo: {} })) as never,
    });
    await show(<Home />);
    await userEvent.click(await screen.findByRole('button', { name: 'Use Ollama' }));
    await screen.findByText('No local model server is running.');
    const made = go.calls.find((call) => call.verb === 'Combos.Create');
    expect(made?.input).toMatchObject({ name: 'local', models: ['ollama/qwen3'] });
    expect(go.calls.at(-1)).toMatchObject({ verb: 'Combos.Activate', input: { id: 'c9' } });
  });
});

describe('the steps of a combo', () => {
  it('are fine when any of their accounts is', () => {
    const steps = stepsOf([row({ verdict: 'skipped', code: 'cooldown' }), row({ account: 'b' }), row({ step: 1, verdict: 'skipped', code: 'disabled' })]);
    expect(steps.map((step) => step.trouble?.code)).toEqual([undefined, 'disabled']);
  });
});
