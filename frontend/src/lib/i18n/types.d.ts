import type { Area } from './languages';

type Words = {
  common: typeof import('../../i18n/en/common.json');
  shell: typeof import('../../i18n/en/shell.json');
  home: typeof import('../../i18n/en/home.json');
  providers: typeof import('../../i18n/en/providers.json');
  connect: typeof import('../../i18n/en/connect.json');
  combos: typeof import('../../i18n/en/combos.json');
  keys: typeof import('../../i18n/en/keys.json');
  logs: typeof import('../../i18n/en/logs.json');
  settings: typeof import('../../i18n/en/settings.json');
  onboarding: typeof import('../../i18n/en/onboarding.json');
  lock: typeof import('../../i18n/en/lock.json');
  reasons: typeof import('../../i18n/en/reasons.json');
  conditions: typeof import('../../i18n/en/conditions.json');
  errors: typeof import('../../i18n/en/errors.json');
  desktop: typeof import('../../i18n/en/desktop.json');
  cli: typeof import('../../i18n/en/cli.json');
};

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'common';
    resources: { [A in Area]: Words[A] };
    returnNull: false;
  }
}
