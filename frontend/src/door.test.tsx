import { QueryClientProvider } from '@tanstack/react-query';
import { act, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { csrf } from '@/lib/api/csrf';
import { newQueryClient } from '@/lib/query';
import { TooltipProvider } from '@/components/ui/tooltip';
import { Door } from './door';

type Handler = (body: unknown) => [status: number, body: unknown, headers?: Record<string, string>];

/** The gateway as a browser sees it. */
function gateway(routes: Record<string, Handler>): { asked: string[] } {
  const asked: string[] = [];
  vi.stubGlobal(
    'fetch',
    vi.fn(async (url: string, init: RequestInit) => {
      const name = `${init.method ?? 'GET'} ${url}`;
      asked.push(name);
      const [status, body, headers] = routes[name]?.(init.body === undefined ? undefined : JSON.parse(init.body as string)) ?? [404, { error: { kind: 'not_found', message: name } }];
      return new Response(JSON.stringify(body), { status, ...(headers ? { headers } : {}) });
    }),
  );
  return { asked };
}

const standing = (passwordSet: boolean): Handler => () => [200, { authenticated: false, setupRequired: false, passwordSet }];

const knock = (hash = '#/') => {
  window.history.replaceState(null, '', hash);
  return render(
    <QueryClientProvider client={newQueryClient()}>
      <TooltipProvider>
        <Door>{() => <p>inside</p>}</Door>
      </TooltipProvider>
    </QueryClientProvider>,
  );
};

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('the door', () => {
  it('tells a stranger what to run', async () => {
    gateway({ 'GET /api/auth/status': standing(false) });
    knock();
    expect(await screen.findByRole('heading', { name: 'This browser is not signed in' })).toBeTruthy();
    expect(screen.getByText('omniroute open')).toBeTruthy();
    expect(screen.queryByText('inside')).toBeNull();
  });

  it('takes the token of a link, out of the address, and lets in', async () => {
    const sent: unknown[] = [];
    gateway({
      'POST /api/auth/sign-in': (body) => {
        sent.push(body);
        return [200, { success: true, csrf: 'word' }];
      },
      'GET /api/auth/status': standing(false),
    });
    knock('#/sign-in/tok-EN_1');
    expect(window.location.hash).toBe('#/');
    expect(await screen.findByText('inside')).toBeTruthy();
    expect(sent).toEqual([{ token: 'tok-EN_1' }]);
    expect(csrf()).toBe('word');
  });

  it('says why a link did not work', async () => {
    gateway({ 'POST /api/auth/sign-in': () => [401, { error: { kind: 'unauthorized', message: 'This link was used already.' } }], 'GET /api/auth/status': standing(false) });
    knock('#/sign-in/old');
    expect((await screen.findByRole('alert')).textContent).toContain('This link was used already.');
  });

  it('asks for the password, says when it is wrong, and counts down when it must wait', async () => {
    const replies: ReturnType<Handler>[] = [
      [401, { error: { kind: 'unauthorized', message: 'The password is wrong.' } }],
      [429, { error: { kind: 'rate_limited', message: 'Too many.' } }, { 'Retry-After': '2' }],
      [200, { success: true, csrf: 'word' }],
    ];
    const { asked } = gateway({ 'GET /api/auth/status': standing(true), 'POST /api/auth/login': () => replies.shift()! });
    vi.useFakeTimers({ shouldAdvanceTime: true });
    const user = userEvent.setup({ advanceTimers: (ms) => vi.advanceTimersByTime(ms) });
    knock();
    const field = await screen.findByLabelText('Password');
    expect(document.activeElement).toBe(field);
    await user.type(field, 'guess{Enter}');
    expect(await screen.findByText('The password is wrong.')).toBeTruthy();
    await user.type(field, 'again{Enter}');
    expect(await screen.findByText(/Too many wrong passwords\. Try again in [12] s\./)).toBeTruthy();
    const before = asked.length;
    await user.type(field, '{Enter}');
    expect(asked.length).toBe(before);
    act(() => void vi.advanceTimersByTime(3_000));
    expect(screen.queryByText(/Too many wrong passwords/)).toBeNull();
    await user.type(field, 'right{Enter}');
    expect(await screen.findByText('inside')).toBeTruthy();
  });
});
