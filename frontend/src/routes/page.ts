import type { ParseKeys } from 'i18next';
import type { LucideIcon } from 'lucide-react';
import type { ComponentType } from 'react';
import type { Area } from '@/lib/i18n';

/** What the shell knows of a page. Its code and words arrive when it is
 * opened; navigation, palette, titles and shortcuts read from here. */
export interface PageRoute {
  id: string;
  /** wouter pattern: /providers/:id? */
  path: string;
  /** Older or other names that lead here. */
  aliases?: readonly string[];
  title: ParseKeys<'shell'>;
  /** Left out = not in the sidebar. */
  nav?: { group: 'top' | 'connect' | 'observe' | 'end'; icon: LucideIcon };
  /** Second key after g. */
  key?: string;
  /** Words beside those of the first screen. */
  areas: readonly Area[];
  /** The address below the page only opens a sheet over it: coming and going
   * there is no arrival, so focus and scroll stay. */
  sheets?: boolean;
  /** The sidebar and header are not shown (first-run setup). */
  bare?: boolean;
  load: () => Promise<{ Page: ComponentType }>;
}
