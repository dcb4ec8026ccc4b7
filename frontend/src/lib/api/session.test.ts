import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { csrf, onOtherTab, remember } from './csrf';
import { send, onUnauthorized } from './http';
import { signInWithPassword, standing } from './session';
import { leaveTabs } from './tabs';

/** The gateway, with one living session at most. */
class Gateway {
  word: string | null = null;
  passwordSet = true;
  asked: string[] = [];

  answer = (url: string, init: RequestInit): Promise<Response> => {
    const word = new Headers(init.headers).get('X-OmniRoute-CSRF');
    this.asked.push(`${url} ${word ?? '-'}`);
    const known = this.word !== null && word === this.word;
    const json = (status: number, body: unknown) => Promise.resolve(new Response(JSON.stringify(body), { status }));
    if (url === '/api/auth/login') return json(200, { success: true, csrf: (this.word = 'signed-in') });
    if (url === '/api/auth/status') return json(200, { authenticated: known, passwordSet: this.passwordSet, setupRequired: false });
    if (known) return json(200, {});
    return this.word === null
      ? json(401, { error: { kind: 'unauthorized', message: 'Sign in first.' } })
      : json(403, { error: { kind: 'forbidden', message: 'The header is wrong.', param: 'X-OmniRoute-CSRF' } });
  };
}

/** Another tab of the same browser. */
class OtherTab {
  heard: unknown[] = [];
  word: string | null;
  channel = new BroadcastChannel('omniroute.session');

  constructor(word: string | null) {
    this.word = word;
    this.channel.onmessage = ({ data }: MessageEvent<Record<string, unknown>>) => {
      this.heard.push(data);
      if (data['ask'] === true && this.word !== null) this.channel.postMessage({ word: this.word });
    };
  }
}

describe('tabs of one browser', () => {
  let gateway: Gateway;
  let other: OtherTab | undefined;
  const openOther = (word: string | null) => (other = new OtherTab(word));

  beforeEach(() => {
    gateway = new Gateway();
    vi.stubGlobal('fetch', gateway.answer);
  });
  afterEach(() => {
    other?.channel.close();
    other = undefined;
    leaveTabs();
    vi.unstubAllGlobals();
  });

  it('lets a second tab in with the word of the first', async () => {
    gateway.word = 'shared';
    openOther('shared');
    expect(await standing()).toBe('in');
    expect(csrf()).toBe('shared');
    expect(gateway.asked).toEqual(['/api/auth/status shared']);
  });

  it('does not believe a word that opens nothing', async () => {
    gateway.word = 'new';
    openOther('old');
    expect(await standing()).toBe('locked');
    expect(csrf()).toBeNull();
  });

  it('is a stranger when no tab answers and no password is set', async () => {
    gateway.passwordSet = false;
    openOther(null);
    expect(await standing()).toBe('stranger');
  });

  it('does not ask when it knows the word itself', async () => {
    remember('mine');
    openOther('theirs');
    expect(await standing()).toBe('in');
    expect(csrf()).toBe('mine');
    expect(gateway.asked).toEqual([]);
  });

  it('tells the others of a sign-in, and hears of theirs', async () => {
    expect(await standing()).toBe('locked');
    const tab = openOther(null);
    await signInWithPassword('correct horse');
    await vi.waitFor(() => expect(tab.heard).toContainEqual({ word: 'signed-in' }));
    const told = vi.fn();
    const stop = onOtherTab(told);
    tab.channel.postMessage({ word: 'newer' });
    await vi.waitFor(() => expect(told).toHaveBeenCalledTimes(1));
    expect(csrf()).toBe('newer');
    tab.channel.postMessage({ gone: 'some other' });
    tab.channel.postMessage({ gone: 'newer' });
    await vi.waitFor(() => expect(told).toHaveBeenCalledTimes(2));
    expect(csrf()).toBeNull();
    stop();
  });

  it.each([
    ['is over', null],
    ['was replaced', 'newer'],
  ])('drops the word of a session that %s', async (_, alive) => {
    remember('old');
    gateway.word = alive;
    const told = vi.fn();
    const stop = onUnauthorized(told);
    await expect(send('Combos.List', undefined)).rejects.toMatchObject({ name: 'ApiFault' });
    expect(csrf()).toBeNull();
    expect(told).toHaveBeenCalledTimes(1);
    stop();
  });

  it('keeps the word at a refusal that is about something else', async () => {
    remember('mine');
    vi.stubGlobal('fetch', () => Promise.resolve(new Response(JSON.stringify({ error: { kind: 'forbidden', message: 'No.', param: 'currentPassword', retryAfterSeconds: 30 } }), { status: 403 })));
    await expect(send('Settings.Update', {})).rejects.toMatchObject({ param: 'currentPassword', retryAfter: 30 });
    expect(csrf()).toBe('mine');
  });
});
