import { render, screen, waitFor } from '@testing-library/react';
import { expect, test } from 'vitest';
import { useKeepFocus } from './keep-focus';

const heading = () => document.querySelector('h1');

function Page({ row }: { row: boolean }) {
  useKeepFocus(heading);
  return (
    <>
      <h1 tabIndex={-1}>Combos</h1>
      <input aria-label="search" />
      {row && <button type="button">Delete</button>}
    </>
  );
}

test('focus goes to the heading when what had it is taken away', async () => {
  const { rerender } = render(<Page row />);
  screen.getByRole('button').focus();
  rerender(<Page row={false} />);
  await waitFor(() => expect(document.activeElement).toBe(heading()));
});

test('focus that went elsewhere stays there', async () => {
  const { rerender } = render(<Page row />);
  screen.getByRole('button').focus();
  screen.getByRole('textbox').focus();
  rerender(<Page row={false} />);
  await new Promise((resolve) => {
    const seen = new MutationObserver(resolve);
    seen.observe(document.body, { attributes: true });
    document.body.dataset['seen'] = 'yes';
  });
  expect(document.activeElement).toBe(screen.getByRole('textbox'));
});
