import { act, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { House, Layers, Settings } from 'lucide-react';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Condition, Message } from '@/lib/api';
import { LiveProvider } from '@/lib/query';
import { settings, status } from '@/test/data';
import { fakeGo, show } from '@/test/fake';
import type { NavPage } from './nav';
import { Shell } from './shell';

const pages: NavPage[] = [
  { id: 'home', path: '/', title: 'page.home', nav: { group: 'top', icon: House }, key: 'h' },
  { id: 'combos', path: '/combos/:id?', title: 'page.combos', nav: { group: 'connect', icon: Layers }, key: 'c' },
  { id: 'settings', path: '/settings/:section?', title: 'page.settings', nav: { group: 'end', icon: Settings }, key: 's' },
];

const combo = (id: string, name: string, isActive: boolean) => ({ id, name, models: ['demo/simulated'], strategy: 'priority', config: {}, isActive, createdAt: '', updatedAt: '', month: null }) as never;

const answers = {
  'System.Status': status,
  'Settings.Get': settings,
  'Settings.Update': () => settings,
  'Combos.List': { combos: [combo('c1', 'always-on', true), combo('c2', 'free', false)] },
  'Combos.Activate': () => ({ combo: combo('c2', 'free', true) }),
  'Providers.List': { connections: [] },
  'Keys.List': { keys: [] } as never,
  'System.Pause': () => ({ ...status, state: 'paused' as const }),
  'System.Resume': () => status,
};

const trouble: Condition = { code: 'no_usable_target', severity: 'broken', subject: { kind: 'combo', id: 'c1', name: 'always-on' }, args: {}, detail: '', since: '2026-11-25T14:00:00Z', action: { label: 'open_combos', route: '/combos/c1' } };

/** The window's event bus. */
let feed: ((message: Message) => void) | undefined;

beforeEach(() => {
  vi.stubGlobal('runtime', {
    EventsOn: (_: string, handler: (message: Message) => void) => {
      feed = handler;
      return () => undefined;
    },
    EventsEmit: () => undefined,
  });
});

const open = (hash = '#/') =>
  show(
    <LiveProvider>
      <Shell pages={pages} page={pages[0]} path="/" place="/" onLocked={() => undefined}>
        <p>body</p>
      </Shell>
    </LiveProvider>,
    hash,
  );

describe('the shell', () => {
  it('has one heading, the landmarks and a title', async () => {
    fakeGo(answers);
    await open();
    expect(await screen.findByRole('button', { name: /Gateway: *Ready/ })).toBeTruthy();
    expect(screen.getAllByRole('heading', { level: 1 }).map((h) => h.textContent)).toEqual(['Home']);
    expect(document.title).toBe('Home · OmniRoute');
    expect(screen.getByRole('navigation', { name: 'Main' })).toBeTruthy();
    expect(screen.getByRole('main').textContent).toContain('body');
    expect(screen.getByRole('link', { name: 'Home' }).getAttribute('aria-current')).toBe('page');
  });

  it('switches the combo in two presses and offers the way back', async () => {
    const go = fakeGo(answers);
    await open();
    await userEvent.click(await screen.findByRole('button', { name: /Active combo: *always-on/ }));
    await userEvent.click(await screen.findByRole('menuitemradio', { name: 'free' }));
    await screen.findByText('free is active now');
    await userEvent.click(screen.getByRole('button', { name: 'Undo' }));
    await screen.findByText('Undone');
    expect(go.calls.filter((call) => call.verb === 'Combos.Activate').map((call) => call.input)).toEqual([{ id: 'c2' }, { id: 'c1' }]);
  });

  it('shows trouble in the strip, the bell and the sidebar, and hides it for now when asked', async () => {
    fakeGo({ ...answers, 'System.Status': { ...status, state: 'broken', conditions: 1 }, 'Health.Conditions': { conditions: [trouble], recent: [{ ...trouble, at: '2026-11-25T13:00:00Z', open: false }] } });
    await open();
    const strip = await screen.findByRole('region', { name: 'Problems' });
    expect(strip.textContent).toContain('always-on has no working step');
    expect(within(strip).getByRole('link', { name: 'Open combos' }).getAttribute('href')).toBe('#/combos/c1');
    expect(screen.getByRole('link', { name: /Combos.*1 open problem/ })).toBeTruthy();
    await userEvent.click(screen.getByRole('button', { name: 'Notifications: 1 open problem' }));
    const bell = await screen.findByRole('dialog', { name: 'Notifications' });
    expect(bell.textContent).toContain('always-on has no working step');
    expect(bell.textContent).toContain('always-on answers again');
    await userEvent.keyboard('{Escape}');
    await userEvent.click(within(strip).getByRole('button', { name: 'Hide for now' }));
    expect(screen.queryByRole('region', { name: 'Problems' })).toBeNull();
  });

  it('asks for no conditions while there are none', async () => {
    const go = fakeGo(answers);
    await open();
    await screen.findByRole('button', { name: /Gateway: *Ready/ });
    expect(go.calls.some((call) => call.verb === 'Health.Conditions' || call.verb === 'Combos.List')).toBe(false);
  });

  it('follows the feed: what became stale is fetched again, and only that', async () => {
    const go = fakeGo(answers);
    await open();
    await screen.findByRole('button', { name: /Gateway: *Ready/ });
    act(() => feed?.({ topic: 'hello', rev: 1, data: { version: '1' } }));
    const before = go.calls.length;
    go.set({ 'System.Status': { ...status, state: 'paused' } });
    act(() => feed?.({ topic: 'gateway', rev: 1, data: { state: 'paused', until: null } }));
    expect(await screen.findByRole('button', { name: /Gateway: *Paused/ })).toBeTruthy();
    expect(screen.getByText(/The gateway is paused/)).toBeTruthy();
    expect(go.calls.slice(before).map((call) => call.verb)).toEqual(['System.Status']);
  });
});

describe('the keyboard', () => {
  it('goes to pages with g and a letter, unless that is switched off', async () => {
    const go = fakeGo(answers);
    const { unmount } = await open();
    await screen.findByRole('button', { name: /Gateway: *Ready/ });
    await userEvent.keyboard('gc');
    expect(window.location.hash).toBe('#/combos');
    unmount();
    go.set({ 'Settings.Get': { ...settings, singleKeyShortcuts: false } });
    await open();
    await screen.findByRole('button', { name: /Gateway: *Ready/ });
    await userEvent.keyboard('gc?');
    expect(window.location.hash).toBe('#/');
    expect(screen.queryByRole('dialog')).toBeNull();
  });

  it('opens the palette, which finds former names and acts', async () => {
    fakeGo(answers);
    await open();
    await userEvent.keyboard('{Control>}k{/Control}');
    const field = await screen.findByRole('combobox');
    await userEvent.type(field, 'System & Storage');
    expect(screen.getAllByRole('option')[0]?.textContent).toContain('Settings');
    await userEvent.clear(field);
    await userEvent.type(field, 'switch combo');
    await userEvent.keyboard('{Enter}');
    expect(await screen.findByText('free is active now')).toBeTruthy();
  });

  it('explains itself with ?', async () => {
    fakeGo(answers);
    await open();
    await screen.findByRole('button', { name: /Gateway: *Ready/ });
    await userEvent.keyboard('?');
    const help = await screen.findByRole('dialog', { name: 'Keyboard shortcuts' });
    expect(help.textContent).toContain('Combos');
  });
});
