import { combos } from './combos';
import { home } from './home';
import { keys } from './keys';
import { logs } from './logs';
import type { PageRoute } from './page';
import { settings } from './settings';

export type { PageRoute } from './page';

/** Every page, in the order of the sidebar. */
export const pages: readonly PageRoute[] = [home, combos, keys, logs, settings];
