import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import { ApiFault, type SettingsChange } from '@/lib/api';
import { Params } from '@/lib/router';
import { settings, status } from '@/test/data';
import { fakeGo, show } from '@/test/fake';
import { browserOf } from './browser';
import { variableIn } from './parts/use-setting';
import { SettingsPage } from './settings';

const answers = {
  'System.Status': status,
  'Settings.Get': settings,
  'Settings.Update': (change: SettingsChange) => ({ ...settings, ...(change as typeof settings) }),
  'Desktop.State': { available: false, startAtLogin: false, canStartAtLogin: false, hasTray: false, listening: true },
};

const open = (section: string) =>
  show(
    <Params value={{ section }}>
      <SettingsPage />
    </Params>,
  );

describe('Settings', () => {
  it('changes a switch at once and can undo it', async () => {
    const go = fakeGo(answers);
    await open('general');
    await userEvent.click(await screen.findByRole('switch', { name: 'Single-letter shortcuts' }));
    await userEvent.click(await screen.findByRole('button', { name: 'Undo' }));
    await screen.findByText('Undone');
    expect(go.calls.filter((call) => call.verb === 'Settings.Update').map((call) => call.input)).toEqual([{ singleKeyShortcuts: false }, { singleKeyShortcuts: true }]);
  });

  it('says which variable holds a setting', async () => {
    fakeGo({ ...answers, 'Settings.Get': { ...settings, locked: { ...settings.locked, logRetentionDays: { value: '30', why: 'LOG_RETENTION_DAYS is set, so it decides.' } } } });
    await open('general');
    expect(await screen.findByText(/set LOG_RETENTION_DAYS and start again/)).toBeTruthy();
    expect(screen.getByRole<HTMLInputElement>('textbox', { name: 'Keep requests for' }).disabled).toBe(true);
  });

  it('shows the app group only where there is an app', async () => {
    fakeGo(answers);
    const { unmount } = await open('general');
    await screen.findByText('Version');
    expect(screen.queryByText('Start at login')).toBeNull();
    unmount();
    fakeGo({ ...answers, 'Desktop.State': { available: true, startAtLogin: true, canStartAtLogin: true, hasTray: false, listening: true } });
    await open('general');
    expect((await screen.findByRole('switch', { name: 'Start at login' })).getAttribute('aria-checked')).toBe('true');
    expect(screen.getByText(/closes to the taskbar/)).toBeTruthy();
  });

  it('finds a setting in every section', async () => {
    fakeGo(answers);
    await open('general');
    await screen.findByText('Version');
    await userEvent.type(screen.getByRole('textbox', { name: 'Find a setting…' }), 'theme');
    expect(screen.getByRole('region', { name: 'Appearance' }).textContent).toContain('Dark');
    expect(screen.queryByText('Version')).toBeNull();
    await userEvent.type(screen.getByRole('textbox', { name: 'Find a setting…' }), ' that is not there');
    expect(screen.queryByRole('region', { name: 'Appearance' })).toBeNull();
    expect(screen.getByText('No setting matches.')).toBeTruthy();
  });
});

describe('the password dialog', () => {
  it('checks before it asks the gateway, then sets', async () => {
    const go = fakeGo(answers);
    await open('security');
    await userEvent.click(await screen.findByRole('button', { name: 'Set password' }));
    const dialog = within(await screen.findByRole('dialog', { name: 'Set a password' }));
    await userEvent.type(dialog.getByLabelText('New password'), 'short');
    await userEvent.click(dialog.getByRole('button', { name: 'Set password' }));
    expect(dialog.getByText('Use at least 8 characters.')).toBeTruthy();
    await userEvent.type(dialog.getByLabelText('New password'), '-enough');
    await userEvent.type(dialog.getByLabelText('New password again'), 'other');
    await userEvent.click(dialog.getByRole('button', { name: 'Set password' }));
    expect(dialog.getByText('The two are not equal.')).toBeTruthy();
    expect(go.calls.some((call) => call.verb === 'Settings.Update')).toBe(false);
    await userEvent.clear(dialog.getByLabelText('New password again'));
    await userEvent.type(dialog.getByLabelText('New password again'), 'short-enough');
    await userEvent.click(dialog.getByRole('button', { name: 'Set password' }));
    await screen.findByText('Password set');
    expect(go.calls.find((call) => call.verb === 'Settings.Update')?.input).toEqual({ password: 'short-enough' });
    expect(document.body.innerHTML).not.toContain('short-enough');
  });

  it('keeps what was typed when the gateway refuses', async () => {
    fakeGo({ ...answers, 'Settings.Update': new ApiFault({ kind: 'invalid', message: 'This password stands in public documents. Choose another one.' }) });
    await open('security');
    await userEvent.click(await screen.findByRole('button', { name: 'Set password' }));
    await userEvent.type(screen.getByLabelText('New password'), 'password1');
    await userEvent.type(screen.getByLabelText('New password again'), 'password1');
    await userEvent.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Set password' }));
    expect((await screen.findByRole('alert')).textContent).toContain('Choose another one.');
    expect(screen.getByLabelText<HTMLInputElement>('New password').value).toBe('password1');
  });
});

describe('names', () => {
  it.each([
    ['Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0 Safari/537.36', 'Chrome · Linux'],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15', 'Safari · macOS'],
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox · Windows'],
    ['Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140 Safari/537.36 Edg/140.0', 'Edge · Windows'],
    ['curl/8', null],
  ])('of %s', (agent, name) => expect(browserOf(agent)).toBe(name));

  it('of variables are found in a sentence', () => {
    expect(variableIn('Set OMNIROUTE_LOG_DAYS and start again.')).toBe('OMNIROUTE_LOG_DAYS');
    expect(variableIn('Nothing here.')).toBeUndefined();
  });
});
