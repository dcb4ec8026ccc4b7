import { act, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { describe, expect, it, vi } from 'vitest';
import { undoLast } from '@/lib/keys/undo';
import { show } from '@/test/fake';
import { Button } from './button';
import { Switch } from './choice';
import { CopyButton } from './copy-button';
import { DataTable, type Column, type Sort } from './data-table';
import { Field } from './field';
import { Input, NumberInput, readNumber } from './input';
import { AlertDialog, Dialog, Sheet } from './overlay';
import { SortableList } from './sortable-list';
import { StatusBadge, statuses } from './status-badge';
import { toast } from './toaster';

describe('Button', () => {
  it('takes no presses while it waits or is off, and can still be reached', async () => {
    const press = vi.fn();
    await show(
      <>
        <Button loading onClick={press}>
          Save
        </Button>
        <Button disabledBecause="Nothing was changed." onClick={press}>
          Revert
        </Button>
      </>,
    );
    for (const name of ['Save', 'Revert']) {
      const button = screen.getByRole('button', { name });
      await userEvent.click(button);
      expect(button.getAttribute('aria-disabled')).toBe('true');
      button.focus();
      expect(document.activeElement).toBe(button);
    }
    expect(press).not.toHaveBeenCalled();
  });
});

describe('Field', () => {
  it('wires label, help and error to the control inside', async () => {
    await show(
      <Field label="Name" help="Shown in lists." error="Fill this in.">
        <Input />
      </Field>,
    );
    const input = screen.getByRole('textbox', { name: 'Name' });
    expect(input.getAttribute('aria-invalid')).toBe('true');
    const described = (input.getAttribute('aria-describedby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent);
    expect(described).toEqual(['Shown in lists.', 'Fill this in.']);
  });

  it('holds its control when the environment decides', async () => {
    await show(
      <Field label="Keep" locked="Set LOG_RETENTION_DAYS.">
        <Switch checked onChange={() => undefined} />
      </Field>,
    );
    expect(screen.getByRole<HTMLButtonElement>('switch', { name: 'Keep' }).disabled).toBe(true);
    expect(screen.getByText('Set LOG_RETENTION_DAYS.')).toBeTruthy();
  });
});

describe('NumberInput', () => {
  it.each([
    ['1.5k', 1500],
    ['2m', 2_000_000],
    ['1,000', 1000],
    ['0,5', 0.5],
    [' 42 ', 42],
    ['x', null],
    ['', null],
  ])('reads %j', (text, value) => expect(readNumber(text)).toBe(value));

  it('keeps to its bounds', async () => {
    const changed = vi.fn();
    await show(<NumberInput label="Days" value={90} min={1} max={365} onChange={changed} />);
    const input = screen.getByRole('textbox', { name: 'Days' });
    await userEvent.clear(input);
    await userEvent.type(input, '1k{Enter}');
    expect(changed).toHaveBeenCalledWith(365);
  });
});

describe('StatusBadge', () => {
  it('has a word for every status and does not trip over others', () => {
    render(
      <>
        {[...statuses, 'never-heard-of'].map((status) => (
          <p key={status}>
            <StatusBadge status={status} />
          </p>
        ))}
      </>,
    );
    const words = [...document.querySelectorAll('p')].map((p) => p.textContent);
    expect(words.every((word) => word !== '')).toBe(true);
    expect(new Set(words.slice(0, -1)).size).toBe(statuses.length);
    expect(words.at(-1)).toBe('Not tested');
  });
});

describe('CopyButton', () => {
  it('says "Copied" only when it is', async () => {
    const user = userEvent.setup();
    const write = vi.spyOn(navigator.clipboard, 'writeText');
    await show(<CopyButton text="http://localhost:20128/v1" />);
    write.mockRejectedValueOnce(new Error('not allowed'));
    await user.click(screen.getByRole('button', { name: 'Copy' }));
    expect(await screen.findByText('Copying is not allowed here')).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'Copied' })).toBeNull();
    await user.click(screen.getByRole('button', { name: 'Copy' }));
    expect(await screen.findByRole('button', { name: 'Copied' })).toBeTruthy();
    expect(await navigator.clipboard.readText()).toBe('http://localhost:20128/v1');
  });
});

describe('toast.undo', () => {
  it('undoes once, by button or by key', async () => {
    const undo = vi.fn();
    await show(<p />);
    act(() => toast.undo('Removed', undo));
    await userEvent.click(await screen.findByRole('button', { name: 'Undo' }));
    expect(undo).toHaveBeenCalledOnce();
    expect(undoLast()).toBe(false);
    act(() => toast.undo('Removed again', undo));
    await screen.findByText('Removed again');
    act(() => void undoLast());
    expect(undo).toHaveBeenCalledTimes(2);
  });
});

describe('overlays opened by state', () => {
  function Opener({ what }: { what: 'dialog' | 'alert' | 'sheet' }) {
    const [open, setOpen] = useState(false);
    const shared = { open, onOpenChange: setOpen, title: 'Something', text: 'More about it.' };
    return (
      <>
        <h1 tabIndex={-1}>Page</h1>
        <Button onClick={() => setOpen(true)}>Open</Button>
        {what === 'dialog' && <Dialog {...shared} />}
        {what === 'alert' && <AlertDialog {...shared} action="Delete" onAction={() => undefined} />}
        {what === 'sheet' && <Sheet {...shared} />}
      </>
    );
  }

  it.each(['dialog', 'alert', 'sheet'] as const)('a %s gives the focus back to its button', async (what) => {
    await show(<Opener what={what} />);
    const button = screen.getByRole('button', { name: 'Open' });
    await userEvent.click(button);
    const box = await screen.findByRole(what === 'alert' ? 'alertdialog' : 'dialog', { name: 'Something' });
    expect(box.contains(document.activeElement)).toBe(true);
    await userEvent.keyboard('{Escape}');
    await waitFor(() => expect(document.activeElement).toBe(button));
  });
});

describe('SortableList', () => {
  function Steps({ onReorder }: { onReorder: (ids: string[]) => void }) {
    const [ids, setIds] = useState(['a', 'b', 'c']);
    return (
      <SortableList
        label="Steps"
        items={ids.map((id) => ({ id, name: `model ${id}` }))}
        onReorder={(next) => {
          setIds(next);
          onReorder(next);
        }}
      >
        {(item) => <input aria-label={`weight of ${item.name}`} />}
      </SortableList>
    );
  }

  it('moves with Alt and the arrows from anywhere in the row, and says where it is', async () => {
    const moved = vi.fn();
    await show(<Steps onReorder={moved} />);
    screen.getByRole('textbox', { name: 'weight of model c' }).focus();
    await userEvent.keyboard('{Alt>}{ArrowUp}{/Alt}');
    expect(moved).toHaveBeenLastCalledWith(['a', 'c', 'b']);
    expect(screen.getByText('model c, position 2 of 3.')).toBeTruthy();
    expect(document.activeElement).toBe(screen.getByRole('textbox', { name: 'weight of model c' }));
    fireEvent.keyDown(screen.getByRole('textbox', { name: 'weight of model a' }), { key: 'ArrowUp', altKey: true });
    expect(moved).toHaveBeenCalledTimes(1);
  });

  it('names the handle of each row', async () => {
    await show(<Steps onReorder={() => undefined} />);
    expect(screen.getByRole('button', { name: 'Move model a' })).toBeTruthy();
  });
});

describe('DataTable', () => {
  interface Row {
    id: string;
    n: number;
  }
  const columns: Column<Row>[] = [
    { id: 'id', header: 'Name', cell: (row) => row.id },
    { id: 'n', header: 'Count', align: 'end', cell: (row) => row.n, sortBy: (row) => row.n },
  ];
  const rows: Row[] = [
    { id: 'x', n: 2 },
    { id: 'y', n: 1 },
    { id: 'z', n: 3 },
  ];
  const order = () =>
    within(screen.getByRole('table'))
      .getAllByRole('row')
      .slice(1)
      .map((row) => row.firstElementChild?.textContent);

  it('sorts up, down and not at all', async () => {
    function Table() {
      const [sort, setSort] = useState<Sort | null>(null);
      return <DataTable label="Things" rows={rows} rowId={(row) => row.id} columns={columns} sort={sort} onSort={setSort} card={(row) => row.id} />;
    }
    await show(<Table />);
    const button = screen.getByRole('button', { name: /^Count/ });
    const head = screen.getByRole('columnheader', { name: /^Count/ });
    expect(order()).toEqual(['x', 'y', 'z']);
    await userEvent.click(button);
    expect(order()).toEqual(['y', 'x', 'z']);
    expect(head.getAttribute('aria-sort')).toBe('ascending');
    await userEvent.click(button);
    expect(order()).toEqual(['z', 'x', 'y']);
    await userEvent.click(button);
    expect(order()).toEqual(['x', 'y', 'z']);
  });

  it('walks its rows with the arrows and opens one with Enter', async () => {
    const opened = vi.fn();
    await show(<DataTable label="Things" rows={rows} rowId={(row) => row.id} columns={columns} onOpen={opened} card={(row) => row.id} />);
    const all = within(screen.getByRole('table')).getAllByRole('row');
    all[1]!.focus();
    await userEvent.keyboard('{ArrowDown}j{ArrowUp}{Enter}');
    expect(document.activeElement).toBe(all[2]);
    expect(opened).toHaveBeenCalledWith(rows[1]);
  });
});
