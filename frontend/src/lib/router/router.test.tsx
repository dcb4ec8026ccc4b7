import { act, render, screen } from '@testing-library/react';
import { describe, expect, it, vi } from 'vitest';
import { matchPath, navigate, setLeaveGuard, usePath, useSearch } from '.';

function Where() {
  const [path] = usePath();
  const [search] = useSearch();
  return (
    <p>
      {path} {search.toString()}
    </p>
  );
}

// jsdom tells of a changed hash in a task of its own.
const settled = () => act(() => new Promise<void>((resolve) => setTimeout(resolve)));

describe('matchPath', () => {
  it.each([
    ['/', '/', {}],
    ['/providers/:id?', '/providers', { id: undefined }],
    ['/providers/:id?', '/providers/a%2Fb', { id: 'a/b' }],
    ['/logs/requests/:id', '/logs/requests/7', { id: '7' }],
    ['/a/*', '/a/b/c', { rest: 'b/c' }],
  ])('%s takes %s', (pattern, path, params) => expect(matchPath(pattern, path)).toEqual(params));

  it.each([
    ['/', '/x'],
    ['/combos/:id', '/combos'],
    ['/combos', '/combos/x'],
  ])('%s does not take %s', (pattern, path) => expect(matchPath(pattern, path)).toBeNull());
});

describe('hash routes', () => {
  it('keep the filters inside the hash', async () => {
    window.history.replaceState(null, '', '#/logs?status=error');
    render(<Where />);
    expect(screen.getByText('/logs status=error')).toBeTruthy();
    navigate('/combos');
    await settled();
    expect(screen.getByText('/combos')).toBeTruthy();
  });

  it('ask the guard before a page is left, and go when it says so', async () => {
    window.history.replaceState(null, '', '#/combos/1');
    render(<Where />);
    const proceed: (() => void)[] = [];
    const stop = setLeaveGuard((go) => proceed.push(go));
    navigate('/logs');
    await settled();
    expect(screen.getByText('/combos/1')).toBeTruthy();
    expect(window.location.hash).toBe('#/combos/1');
    proceed[0]?.();
    await settled();
    expect(screen.getByText('/logs')).toBeTruthy();
    stop();
  });

  it('do not ask for a change of filters', async () => {
    window.history.replaceState(null, '', '#/logs');
    render(<Where />);
    const asked = vi.fn();
    const stop = setLeaveGuard(asked);
    navigate('/logs?x=1');
    await settled();
    expect(asked).not.toHaveBeenCalled();
    expect(screen.getByText('/logs x=1')).toBeTruthy();
    stop();
  });
});
