import type { ParseKeys } from 'i18next';
import type { LucideIcon } from 'lucide-react';

/** What the shell shows of a page; routes/page.ts says the rest. */
export interface NavPage {
  id: string;
  path: string;
  aliases?: readonly string[];
  title: ParseKeys<'shell'>;
  nav?: { group: 'top' | 'connect' | 'observe' | 'end'; icon: LucideIcon };
  key?: string;
}

export function hrefOf(page: NavPage): string {
  return `#${page.path.replace(/\/:.*$/, '') || '/'}`;
}

export function isCurrent(page: NavPage, path: string): boolean {
  const base = hrefOf(page).slice(1);
  return base === '/' ? path === '/' || (page.aliases ?? []).includes(path) : path === base || path.startsWith(`${base}/`);
}
