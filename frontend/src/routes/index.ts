import { combos } from './combos';
import { fixtures } from './fixtures';
import { home } from './home';
import { keys } from './keys';
import { logs } from './logs';
import { onboarding } from './onboarding';
import type { PageRoute } from './page';
import { providers } from './providers';
import { settings } from './settings';

export type { PageRoute } from './page';

/** Every page, in the order of the sidebar. */
export const pages: readonly PageRoute[] = [home, providers, combos, keys, logs, settings, onboarding, ...(__WORKBENCH__ ? [fixtures] : [])];
