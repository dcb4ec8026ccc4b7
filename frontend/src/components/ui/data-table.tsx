import { columnVisibilityFeature, createSortedRowModel, rowSortingFeature, tableFeatures, useTable, type ColumnDef, type SortingState } from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowUp, ChevronsUpDown } from 'lucide-react';
import { useMemo, useRef, type KeyboardEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { phone, useMedia } from '@/lib/media';
import { CardList } from './card-list';
import { cn } from './cn';

/** One column. Give `sortBy` to make it sortable. */
export interface Column<T> {
  id: string;
  header: string;
  cell: (row: T) => ReactNode;
  /** Numbers stand at the end. */
  align?: 'start' | 'end';
  sortBy?: (row: T) => string | number | null;
  /** CSS width of the column; the rest share what is left. */
  width?: string;
}

export interface Sort {
  column: string;
  descending: boolean;
}

interface DataTableProps<T> {
  /** Name of the table for who cannot see it. */
  label: string;
  rows: readonly T[];
  rowId: (row: T) => string;
  columns: readonly Column<T>[];
  /** Ids of columns that are switched off. */
  hidden?: readonly string[];
  sort?: Sort | null;
  onSort?: (sort: Sort | null) => void;
  /** A row is pressed or Enter is on it: opens its sheet. */
  onOpen?: (row: T) => void;
  openId?: string | null;
  /** The two-line card of a row on a phone. */
  card: (row: T) => ReactNode;
  /** How many there are in all, when more than the rows are known; null =
   * more, and nobody knows how many. */
  total?: number | null;
  /** Called when the end comes into sight. */
  onEnd?: () => void;
  className?: string;
}

/** From here on rows are only drawn where they can be seen. */
const windowedFrom = 100;

const features = tableFeatures({ columnVisibilityFeature, rowSortingFeature, sortedRowModel: createSortedRowModel() });

export function DataTable<T extends object>(props: DataTableProps<T>) {
  const small = useMedia(phone);
  return small ? <CardList label={props.label} rows={props.rows} rowId={props.rowId} card={props.card} onOpen={props.onOpen} onEnd={props.onEnd} /> : <WideTable {...props} />;
}

function WideTable<T extends object>({ label, rows, rowId, columns, hidden = [], sort = null, onSort, onOpen, openId = null, total, onEnd, className }: DataTableProps<T>) {
  const { t } = useTranslation('common');
  const scroller = useRef<HTMLDivElement>(null);
  const defs = useMemo(
    () =>
      columns.map(
        (column): ColumnDef<typeof features, T> => ({
          id: column.id,
          header: column.header,
          accessorFn: (row: T) => column.sortBy?.(row) ?? null,
          enableSorting: column.sortBy !== undefined,
        }),
      ),
    [columns],
  );
  const data = useMemo(() => [...rows], [rows]);
  const sorting: SortingState = sort === null ? [] : [{ id: sort.column, desc: sort.descending }];
  const table = useTable({
    features,
    columns: defs,
    data,
    getRowId: rowId,
    state: { sorting, columnVisibility: Object.fromEntries(hidden.map((id) => [id, false])) },
  });
  const shown = columns.filter((column) => !hidden.includes(column.id));
  const ordered = table.getRowModel().rows;
  const windowed = ordered.length > windowedFrom;
  // eslint-disable-next-line react-hooks/incompatible-library -- nothing here is compiled or memoised
  const virtual = useVirtualizer({
    count: ordered.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => (scroller.current ? Number.parseFloat(getComputedStyle(scroller.current).getPropertyValue('--row')) || 44 : 44),
    overscan: 12,
    enabled: windowed,
  });
  const pieces = windowed ? virtual.getVirtualItems() : ordered.map((_, index) => ({ index, start: 0, end: 0 }));
  const before = windowed ? (pieces[0]?.start ?? 0) : 0;
  const after = windowed ? virtual.getTotalSize() - (pieces.at(-1)?.end ?? 0) : 0;

  const cycle = (id: string) => {
    if (sort?.column !== id) onSort?.({ column: id, descending: false });
    else if (!sort.descending) onSort?.({ column: id, descending: true });
    else onSort?.(null);
  };
  const walk = (event: KeyboardEvent<HTMLTableRowElement>, row: T) => {
    if (event.target !== event.currentTarget) return;
    const step = event.key === 'ArrowDown' || event.key === 'j' ? 'nextElementSibling' : event.key === 'ArrowUp' || event.key === 'k' ? 'previousElementSibling' : null;
    if (step !== null) {
      event.preventDefault();
      const next = event.currentTarget[step];
      if (next instanceof HTMLElement && next.tabIndex === 0) next.focus();
    } else if (event.key === 'Enter' && onOpen) {
      event.preventDefault();
      onOpen(row);
    }
  };
  return (
    <div
      ref={scroller}
      tabIndex={0}
      role="region"
      aria-label={label}
      onScroll={(event) => {
        const { scrollTop, clientHeight, scrollHeight } = event.currentTarget;
        if (scrollTop + clientHeight > scrollHeight - 400) onEnd?.();
      }}
      className={cn('max-h-[max(320px,calc(100dvh-216px))] overflow-auto rounded-card border border-border bg-surface focus-visible:outline-offset-0', className)}
    >
      <table aria-rowcount={total === null ? -1 : (total ?? ordered.length) + 1} className="w-full border-separate border-spacing-0 text-small">
        <caption className="sr-only">{label}</caption>
        <thead>
          <tr aria-rowindex={1}>
            {shown.map((column) => {
              const sorted = sort?.column === column.id ? (sort.descending ? 'descending' : 'ascending') : undefined;
              const Icon = sorted === 'ascending' ? ArrowUp : sorted === 'descending' ? ArrowDown : ChevronsUpDown;
              return (
                <th
                  key={column.id}
                  scope="col"
                  aria-sort={column.sortBy && onSort ? (sorted ?? 'none') : undefined}
                  style={{ inlineSize: column.width }}
                  className={cn('sticky top-0 z-sticky border-b border-border bg-sunken px-3 py-2 text-start font-medium whitespace-nowrap text-text-2', column.align === 'end' && 'text-end')}
                >
                  {column.sortBy && onSort ? (
                    <button type="button" onClick={() => cycle(column.id)} className="inline-flex min-h-6 items-center gap-1 rounded-control border-0 bg-transparent p-0 font-medium text-text-2 hover:text-text">
                      {column.header}
                      <span className="sr-only">{t('sort.none', { column: column.header })}</span>
                      <Icon size={12} aria-hidden />
                    </button>
                  ) : (
                    column.header
                  )}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {before > 0 && <tr aria-hidden style={{ blockSize: before }} />}
          {pieces.map(({ index }) => {
            const row = ordered[index];
            if (!row) return null;
            return (
              <tr
                key={row.id}
                aria-rowindex={index + 2}
                data-row={row.id}
                data-open={row.id === openId || undefined}
                tabIndex={onOpen ? 0 : undefined}
                onClick={onOpen ? () => onOpen(row.original) : undefined}
                onKeyDown={(event) => walk(event, row.original)}
                className={cn('h-row transition-colors duration-fast focus-visible:outline-offset-[-2px] data-[open]:bg-accent-soft', onOpen && 'cursor-pointer hover:bg-hover')}
              >
                {shown.map((column) => (
                  <td key={column.id} className={cn('border-b border-border px-3 py-1', column.align === 'end' && 'figures text-end')}>
                    {column.cell(row.original)}
                  </td>
                ))}
              </tr>
            );
          })}
          {after > 0 && <tr aria-hidden style={{ blockSize: after }} />}
        </tbody>
      </table>
    </div>
  );
}
