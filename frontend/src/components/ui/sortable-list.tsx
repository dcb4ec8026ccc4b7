import { closestCenter, DndContext, KeyboardSensor, PointerSensor, useSensor, useSensors, type Announcements, type DragEndEvent } from '@dnd-kit/core';
import { arrayMove, SortableContext, sortableKeyboardCoordinates, useSortable, verticalListSortingStrategy } from '@dnd-kit/sortable';
import { GripVertical } from 'lucide-react';
import { useState, type KeyboardEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { cn } from './cn';

export interface SortableItem {
  id: string;
  /** Read out while it moves. */
  name: string;
}

interface SortableListProps<T extends SortableItem> {
  label: string;
  items: readonly T[];
  /** The ids in their new order. */
  onReorder: (ids: string[]) => void;
  children: (item: T, index: number) => ReactNode;
  disabled?: boolean;
  className?: string;
}

/** A list whose order people choose: by pointer, by Space and arrows on the
 * handle, or by Alt+↑/↓ anywhere in the row. Each move is announced. */
export function SortableList<T extends SortableItem>({ label, items, onReorder, children, disabled = false, className }: SortableListProps<T>) {
  const { t } = useTranslation('common');
  const [said, setSaid] = useState('');
  const sensors = useSensors(useSensor(PointerSensor, { activationConstraint: { distance: 4 } }), useSensor(KeyboardSensor, { coordinateGetter: sortableKeyboardCoordinates }));
  const ids = items.map((item) => item.id);
  const where = (id: unknown, over?: unknown) => ({
    name: items.find((item) => item.id === id)?.name ?? '',
    at: ids.indexOf(String(over ?? id)) + 1,
    of: ids.length,
  });
  const announcements: Announcements = {
    onDragStart: ({ active }) => t('drag.picked', where(active.id)),
    onDragOver: ({ active, over }) => (over ? t('drag.moved', where(active.id, over.id)) : undefined),
    onDragEnd: ({ active, over }) => t('drag.dropped', where(active.id, over?.id)),
    onDragCancel: ({ active }) => t('drag.cancelled', where(active.id)),
  };
  const move = (from: number, to: number) => {
    if (from === to || to < 0 || to >= ids.length) return;
    onReorder(arrayMove(ids, from, to));
  };
  const drop = ({ active, over }: DragEndEvent) => {
    if (over) move(ids.indexOf(String(active.id)), ids.indexOf(String(over.id)));
  };
  const press = (index: number) => (event: KeyboardEvent) => {
    const step = event.key === 'ArrowUp' ? -1 : event.key === 'ArrowDown' ? 1 : 0;
    if (!event.altKey || step === 0 || disabled) return;
    event.preventDefault();
    const to = index + step;
    if (to < 0 || to >= ids.length) return;
    move(index, to);
    setSaid(t('drag.moved', { name: items[index]?.name ?? '', at: to + 1, of: ids.length }));
  };
  return (
    <DndContext sensors={sensors} collisionDetection={closestCenter} onDragEnd={drop} accessibility={{ announcements, screenReaderInstructions: { draggable: t('drag.hint') } }}>
      <SortableContext items={ids} strategy={verticalListSortingStrategy} disabled={disabled}>
        <ul aria-label={label} className={cn('m-0 list-none p-0', className)}>
          {items.map((item, index) => (
            <Row key={item.id} item={item} disabled={disabled || ids.length < 2} onKeyDown={press(index)}>
              {children(item, index)}
            </Row>
          ))}
        </ul>
      </SortableContext>
      <span role="status" className="sr-only">
        {said}
      </span>
    </DndContext>
  );
}

function Row({ item, disabled, onKeyDown, children }: { item: SortableItem; disabled: boolean; onKeyDown: (event: KeyboardEvent) => void; children: ReactNode }) {
  const { t } = useTranslation('common');
  const { setNodeRef, setActivatorNodeRef, attributes, listeners, transform, transition, isDragging } = useSortable({ id: item.id, disabled });
  const style = { transform: transform ? `translate3d(0, ${Math.round(transform.y)}px, 0)` : undefined, transition };
  return (
    // Alt with an arrow works from every control of the row, so the row listens.
    <li ref={setNodeRef} style={style} onKeyDown={onKeyDown} className={cn('flex min-h-row items-center gap-1 rounded-control bg-surface', isDragging && 'relative z-sticky shadow-pop')}>
      <button
        type="button"
        ref={setActivatorNodeRef}
        {...attributes}
        {...listeners}
        aria-label={t('drag.handle', { name: item.name })}
        className={cn('grid size-6 shrink-0 cursor-grab touch-none place-items-center rounded-control border-0 bg-transparent p-0 text-text-3 hover:bg-hover hover:text-text pointer-coarse:size-11', disabled && 'invisible', isDragging && 'cursor-grabbing')}
      >
        <GripVertical size={16} strokeWidth={1.75} aria-hidden />
      </button>
      <div className="min-w-0 grow">{children}</div>
    </li>
  );
}
