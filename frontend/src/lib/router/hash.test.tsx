import { act, render, screen } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { navigate, useSearchText, usePath } from './hash';

function Path({ name }: { name: string }) {
  const [path] = usePath();
  return <p data-testid={name}>{path}</p>;
}

function Search() {
  return <p data-testid="search">{useSearchText()}</p>;
}

afterEach(() => {
  window.history.replaceState(null, '', '#/');
});

async function go(to: string) {
  await act(async () => {
    const heard = new Promise((resolve) => {
      window.addEventListener('hashchange', resolve, { once: true });
    });
    navigate(to);
    await heard;
  });
}

test('everyone who looks at the address hears of a change', async () => {
  render(
    <>
      <Path name="first" />
      <Path name="second" />
      <Search />
    </>,
  );
  await go('/logs?status=error');
  expect(screen.getByTestId('first').textContent).toBe('/logs');
  expect(screen.getByTestId('second').textContent).toBe('/logs');
  expect(screen.getByTestId('search').textContent).toBe('status=error');
  await go('/keys');
  expect(screen.getByTestId('first').textContent).toBe('/keys');
  expect(screen.getByTestId('second').textContent).toBe('/keys');
  expect(screen.getByTestId('search').textContent).toBe('');
});
