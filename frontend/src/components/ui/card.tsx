import { useId, type ReactNode } from 'react';
import { cn } from './cn';

interface CardProps {
  /** Becomes the heading and the name of the region. */
  title?: ReactNode;
  /** At the end of the title's line. */
  action?: ReactNode;
  /** New data is on its way: a 2 px bar under the title, the old stays. */
  busy?: boolean;
  /** No padding, for lists and tables that reach the edge. */
  flush?: boolean;
  className?: string;
  children: ReactNode;
}

export function Card({ title, action, busy = false, flush = false, className, children }: CardProps) {
  const id = useId();
  return (
    <section aria-labelledby={title === undefined ? undefined : id} aria-busy={busy || undefined} className={cn('relative flex min-w-0 flex-col rounded-card border border-border bg-surface', className)}>
      {title !== undefined && (
        <header className="flex min-h-12 flex-wrap items-center justify-between gap-x-3 gap-y-1 px-card pt-3 pb-1">
          <h2 id={id} className="m-0 min-w-0 text-card">
            {title}
          </h2>
          {action}
        </header>
      )}
      <LoadingBar on={busy} />
      <div className={cn('flex min-w-0 grow flex-col', !flush && 'px-card pb-[var(--card-pad)]', !flush && title === undefined && 'pt-[var(--card-pad)]')}>{children}</div>
    </section>
  );
}

/** Says that something is on its way without moving anything. */
export function LoadingBar({ on }: { on: boolean }) {
  return (
    <div className="relative h-0" aria-hidden>
      {on && (
        <div className="late absolute inset-x-0 bottom-0 h-0.5 overflow-hidden">
          <div className="travel h-full w-1/3 bg-accent" />
        </div>
      )}
    </div>
  );
}
