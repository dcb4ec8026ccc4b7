import { home } from './home';
import type { PageRoute } from './page';
import { settings } from './settings';

export type { PageRoute } from './page';

/** Every page, in the order of the sidebar. */
export const pages: readonly PageRoute[] = [home, settings];
