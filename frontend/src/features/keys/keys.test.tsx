import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import type { Key, SettingsView } from '@/lib/api';
import { ApiFault } from '@/lib/api';
import { fakeGo, show } from '@/test/fake';
import { Keys } from './keys';

const month = { requests: 3, failed: 0, tokens: 1200, spentMicros: 12_400_000, unpriced: 0 };
const key = (part: Partial<Key>): Key => ({ id: 'k1', name: 'laptop', masked: 'sk-…a1b2', allowedModels: [], disabled: false, expiresAt: null, createdAt: '2026-11-01T10:00:00Z', lastUsedAt: '2026-11-20T10:00:00Z', month, ...part });
const settings = { requireApiKey: true, locked: {} } as unknown as SettingsView;
const anonymous = { requests: 0, failed: 0, tokens: 0, spentMicros: 0, unpriced: 0 };

function world(keys: Key[]) {
  return fakeGo({
    'Keys.List': { keys, anonymous },
    'Settings.Get': settings,
    'Settings.Update': (input) => ({ ...settings, requireApiKey: input.requireApiKey ?? true }),
    'Keys.Create': { id: 'k9', name: 'ci', key: 'sk-omni-secret' },
    'Keys.Rotate': { id: 'k1', name: 'laptop', key: 'sk-omni-fresh' },
    'Keys.Update': key({}),
    'Keys.Delete': () => undefined,
    'Keys.Restore': key({}),
    'Models.Pick': { models: [], total: 0 },
  });
}

describe('API keys', () => {
  it('makes a key in three presses and shows it only then', async () => {
    const go = world([key({})]);
    const user = userEvent.setup();
    await show(<Keys />);
    await user.click(await screen.findByRole('button', { name: 'New key' }));
    await user.type(await screen.findByLabelText('Name'), 'ci');
    await user.click(screen.getByRole('button', { name: 'Create' }));
    expect(await screen.findByText('sk-omni-secret')).toBeTruthy();
    expect(go.calls.find((made) => made.verb === 'Keys.Create')?.input).toEqual({ name: 'ci', allowedModels: [], expiresAt: '' });
    await user.click(screen.getByRole('button', { name: 'Done' }));
    await waitFor(() => expect(screen.queryByText('sk-omni-secret')).toBeNull());
    expect(document.body.innerHTML).not.toContain('sk-omni-secret');
  });

  it('refuses a name that another key has, and says so at the field', async () => {
    const go = world([key({})]);
    const user = userEvent.setup();
    await show(<Keys />);
    await user.click(await screen.findByRole('button', { name: 'New key' }));
    await user.type(await screen.findByLabelText('Name'), 'Laptop{Enter}');
    expect(await screen.findByText('Another key has this name.')).toBeTruthy();
    expect(go.calls.some((made) => made.verb === 'Keys.Create')).toBe(false);
  });

  it('limits a key to a pattern that is typed', async () => {
    const go = world([]);
    const user = userEvent.setup();
    await show(<Keys />);
    await user.click(await screen.findByRole('button', { name: 'New key' }));
    await user.type(await screen.findByLabelText('Name'), 'ci');
    await user.click(screen.getByRole('radio', { name: 'Only these' }));
    await user.click(screen.getByRole('button', { name: 'Create' }));
    expect(await screen.findByText('Choose at least one, or allow everything.')).toBeTruthy();
    await user.type(screen.getByPlaceholderText('Model, combo or provider'), 'glm/*');
    await user.click(await screen.findByText('Use glm/*'));
    await user.click(screen.getByRole('button', { name: 'Create' }));
    await waitFor(() => expect(go.calls.find((made) => made.verb === 'Keys.Create')?.input).toMatchObject({ allowedModels: ['glm/*'] }));
  });

  it('deletes at once and brings back with Undo', async () => {
    const go = world([key({})]);
    const user = userEvent.setup();
    await show(<Keys />);
    await user.click(await screen.findByRole('button', { name: 'Actions for laptop' }));
    await user.click(await screen.findByRole('menuitem', { name: 'Delete' }));
    await user.click(await screen.findByRole('button', { name: 'Undo' }));
    await waitFor(() => expect(go.calls.map((made) => made.verb)).toContain('Keys.Restore'));
  });

  it('asks before it replaces a key and then shows the new one', async () => {
    const go = world([key({})]);
    const user = userEvent.setup();
    await show(<Keys />);
    await user.click(await screen.findByRole('button', { name: 'Actions for laptop' }));
    await user.click(await screen.findByRole('menuitem', { name: 'Replace key…' }));
    expect(go.calls.some((made) => made.verb === 'Keys.Rotate')).toBe(false);
    await user.click(within(await screen.findByRole('alertdialog')).getByRole('button', { name: 'Replace key' }));
    expect(await screen.findByText('sk-omni-fresh')).toBeTruthy();
  });

  it('switches the demand for keys at once and offers the way back', async () => {
    const go = world([key({})]);
    const user = userEvent.setup();
    await show(<Keys />);
    await user.click(await screen.findByRole('switch', { name: 'Clients must send a key' }));
    await waitFor(() => expect(go.calls.find((made) => made.verb === 'Settings.Update')?.input).toEqual({ requireApiKey: false }));
    expect(await screen.findByText('Clients need no key now.')).toBeTruthy();
    expect(await screen.findByRole('button', { name: 'Undo' })).toBeTruthy();
  });

  it('names the variable that holds the switch', async () => {
    const go = world([key({})]);
    go.set({ 'Settings.Get': { ...settings, locked: { requireApiKey: { value: 'true', why: 'environment' } } } });
    await show(<Keys />);
    expect(await screen.findByText('REQUIRE_API_KEY decides this.')).toBeTruthy();
    expect(screen.getByRole('switch').hasAttribute('disabled')).toBe(true);
  });

  it('says in place what went wrong and offers another try', async () => {
    const go = world([]);
    go.set({ 'Keys.List': new ApiFault({ kind: 'internal', message: 'The disk is full.' }) });
    await show(<Keys />);
    expect(await screen.findByText('The disk is full.')).toBeTruthy();
    go.set({ 'Keys.List': { keys: [key({ name: 'back' })], anonymous } });
    await userEvent.setup().click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByText('back')).toBeTruthy();
  });

  it('tells active, switched-off and expired keys apart, and money that is not known', async () => {
    world([key({}), key({ id: 'k2', name: 'old', expiresAt: '2020-01-01T00:00:00Z' }), key({ id: 'k3', name: 'ci', disabled: true, month: { ...month, spentMicros: 0, unpriced: 3 } })]);
    await show(<Keys />);
    expect(await screen.findByText('Active')).toBeTruthy();
    expect(screen.getByText('Expired')).toBeTruthy();
    expect(screen.getByText('Off')).toBeTruthy();
    expect(screen.queryByText('$0.00')).toBeNull();
  });
});
