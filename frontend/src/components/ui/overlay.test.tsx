import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState, type ReactNode } from 'react';
import { describe, expect, it } from 'vitest';
import { show } from '@/test/fake';
import { Button } from './button';
import { Menu, MenuItem } from './menu';
import { Dialog } from './overlay';

function Stage({ menu = false, children }: { menu?: boolean; children: ReactNode }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      {menu ? (
        <Menu trigger={<Button>More</Button>}>
          <MenuItem onSelect={() => setOpen(true)}>Rename</MenuItem>
        </Menu>
      ) : (
        <Button onClick={() => setOpen(true)}>Open</Button>
      )}
      <Dialog open={open} onOpenChange={setOpen} title="A dialog">
        {children}
      </Dialog>
    </>
  );
}

describe('a dialog gives the focus back', () => {
  it('to its button, though a field took the focus at once', async () => {
    await show(<Stage>{<input autoFocus aria-label="Name" />}</Stage>);
    const opener = screen.getByRole('button', { name: 'Open' });
    await userEvent.click(opener);
    expect(document.activeElement).toBe(await screen.findByLabelText('Name'));
    await userEvent.keyboard('{Escape}');
    await waitFor(() => expect(document.activeElement).toBe(opener));
  });

  it('to its button, without a field', async () => {
    await show(<Stage>Text</Stage>);
    const opener = screen.getByRole('button', { name: 'Open' });
    await userEvent.click(opener);
    await screen.findByRole('dialog');
    await userEvent.keyboard('{Escape}');
    await waitFor(() => expect(document.activeElement).toBe(opener));
  });

  it('to the button of the menu it was chosen from', async () => {
    await show(<Stage menu>{<input autoFocus aria-label="Name" />}</Stage>);
    const opener = screen.getByRole('button', { name: 'More' });
    await userEvent.click(opener);
    await userEvent.click(await screen.findByRole('menuitem', { name: 'Rename' }));
    await screen.findByRole('dialog');
    await userEvent.keyboard('{Escape}');
    await waitFor(() => expect(document.activeElement).toBe(opener));
  });
});
