import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState, type ReactNode } from 'react';

interface CardListProps<T> {
  label: string;
  rows: readonly T[];
  rowId: (row: T) => string;
  card: (row: T) => ReactNode;
  onOpen?: ((row: T) => void) | undefined;
  onEnd?: (() => void) | undefined;
}

/** A table's rows as two-line cards, for narrow screens. */
export function CardList<T>({ label, rows, rowId, card, onOpen, onEnd }: CardListProps<T>) {
  const list = useRef<HTMLUListElement>(null);
  const [top, setTop] = useState(0);
  useEffect(() => {
    if (list.current) setTop(list.current.offsetTop);
  }, []);
  const virtual = useWindowVirtualizer({ count: rows.length, estimateSize: () => 72, overscan: 8, scrollMargin: top, gap: 8 });
  const pieces = virtual.getVirtualItems();
  const atEnd = (pieces.at(-1)?.index ?? -1) >= rows.length - 1;
  useEffect(() => {
    if (atEnd) onEnd?.();
  }, [atEnd, onEnd]);
  return (
    <ul ref={list} aria-label={label} className="relative m-0 list-none p-0" style={{ blockSize: virtual.getTotalSize() }}>
      {pieces.map(({ index, start }) => {
        const row = rows[index];
        if (row === undefined) return null;
        return (
          <li key={rowId(row)} data-index={index} ref={virtual.measureElement} className="absolute inset-x-0 top-0" style={{ transform: `translateY(${start - top}px)` }}>
            {onOpen ? (
              <button type="button" data-row={rowId(row)} onClick={() => onOpen(row)} className="block w-full rounded-card border border-border bg-surface p-3 text-start">
                {card(row)}
              </button>
            ) : (
              <div className="rounded-card border border-border bg-surface p-3">{card(row)}</div>
            )}
          </li>
        );
      })}
    </ul>
  );
}
