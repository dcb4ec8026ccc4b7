import { afterEach, describe, expect, it, vi } from 'vitest';
import { csrf, remember } from './csrf';
import { readEvents } from './events';
import { faultOf } from './fault';
import type { Message } from './gen';
import { address, onUnauthorized, send } from './http';

function answer(status: number, body: unknown, headers: Record<string, string> = {}): void {
  vi.stubGlobal('fetch', vi.fn(async () => new Response(body === undefined ? null : JSON.stringify(body), { status, headers })));
}

afterEach(() => vi.unstubAllGlobals());

describe('the address of a verb', () => {
  it('puts named fields into path and query and leaves the rest for the body', () => {
    expect(address('Combos.Update', { id: 'a/b', name: 'x' })).toEqual({ url: '/api/combos/a%2Fb', rest: { name: 'x' } });
    expect(address('Logs.Calls', { limit: 5, status: '' })).toEqual({ url: '/api/usage/call-logs?limit=5', rest: {} });
    expect(address('System.Status', undefined)).toEqual({ url: '/api/system/status', rest: {} });
  });

  it('refuses a missing part of the path instead of calling another route', () => {
    expect(() => address('Combos.Delete', { id: '' })).toThrow('Combos.Delete needs id');
  });
});

describe('send', () => {
  it('carries the session word and JSON', async () => {
    remember('word');
    answer(201, { combo: { id: '1' } });
    await send('Combos.Create', { name: 'x', models: ['a/b'] });
    const [url, init] = vi.mocked(fetch).mock.calls[0]!;
    expect(url).toBe('/api/combos');
    expect(init).toMatchObject({ method: 'POST', body: '{"name":"x","models":["a/b"]}', headers: { 'X-OmniRoute-CSRF': 'word', 'Content-Type': 'application/json' } });
  });

  it('answers nothing for 204', async () => {
    answer(204, undefined);
    await expect(send('Combos.Delete', { id: '1' })).resolves.toBeUndefined();
  });

  it('turns refusals into faults with all they say', async () => {
    answer(429, { error: { kind: 'rate_limited', message: 'Wait.', receipt: 'r1', param: 'p' } }, { 'Retry-After': '30' });
    await expect(send('Session.Login', { password: 'x' })).rejects.toMatchObject({ kind: 'rate_limited', message: 'Wait.', receipt: 'r1', param: 'p', status: 429, retryAfter: 30 });
  });

  it('says unreachable when nobody answers', async () => {
    vi.stubGlobal('fetch', vi.fn(async () => Promise.reject(new TypeError('Failed to fetch'))));
    await expect(send('System.Status', undefined)).rejects.toMatchObject({ kind: 'unreachable' });
  });

  it('ends the session here when it ended there, but not for an upstream that refuses a key', async () => {
    const told = vi.fn();
    const stop = onUnauthorized(told);
    remember('word');
    answer(401, { error: { kind: 'auth_revoked', message: 'The provider refused the key.' } });
    await expect(send('Providers.Test', { id: 'x' })).rejects.toMatchObject({ kind: 'auth_revoked' });
    expect(told).not.toHaveBeenCalled();
    answer(401, { error: { kind: 'unauthorized', message: 'Sign in.' } });
    await expect(send('System.Status', undefined)).rejects.toMatchObject({ kind: 'unauthorized' });
    expect(told).toHaveBeenCalledOnce();
    expect(csrf()).toBeNull();
    stop();
  });
});

describe('faults', () => {
  it('are read from every shape they come in', () => {
    const shape = { kind: 'conflict', message: 'Name in use.' };
    for (const from of [shape, { error: shape }, JSON.stringify(shape), new Error(JSON.stringify({ error: shape }))]) {
      expect(faultOf(from)).toMatchObject(shape);
    }
    expect(faultOf('boom')).toMatchObject({ kind: 'internal', message: 'boom' });
  });
});

describe('the feed', () => {
  it('reads events across pieces, skips comments, joins lines', async () => {
    const seen: Message[] = [];
    const pieces = [': hi\n\nda', 'ta: {"topic":"hello","rev":1,', '"data":{"version":"1"}}\n', '\ndata: {"topic":"config","rev":2,\ndata: "data":{}}\r\n\r\n'];
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
        controller.close();
      },
    });
    await readEvents(body, (message) => seen.push(message));
    expect(seen).toEqual([
      { topic: 'hello', rev: 1, data: { version: '1' } },
      { topic: 'config', rev: 2, data: {} },
    ]);
  });
});
