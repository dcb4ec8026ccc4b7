import type { ReactNode } from 'react';
import { cn } from './cn';

export interface Tab {
  href: string;
  label: ReactNode;
  current: boolean;
  /** A figure behind the word. */
  count?: string;
}

/** Tabs are routes: links that know which is open, so Back works. */
export function Tabs({ label, tabs, className }: { label: string; tabs: readonly Tab[]; className?: string }) {
  return (
    <nav aria-label={label} className={cn('flex gap-1 overflow-x-auto border-b border-border', className)}>
      {tabs.map((tab) => (
        <a
          key={tab.href}
          href={tab.href}
          aria-current={tab.current ? 'page' : undefined}
          className={cn(
            '-mb-px inline-flex min-h-9 shrink-0 items-center gap-2 border-b-2 px-3 text-body no-underline transition-colors duration-fast pointer-coarse:min-h-11',
            tab.current ? 'border-accent font-medium text-text' : 'border-transparent text-text-2 hover:text-text',
          )}
        >
          {tab.label}
          {tab.count !== undefined && <span className="figures text-small text-text-3">{tab.count}</span>}
        </a>
      ))}
    </nav>
  );
}
