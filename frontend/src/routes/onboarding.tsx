import type { PageRoute } from './page';

export const onboarding: PageRoute = {
  id: 'onboarding',
  path: '/setup/:step?',
  aliases: ['/onboarding', '/dashboard/onboarding'],
  title: 'page.onboarding',
  areas: ['onboarding', 'connect', 'logs'],
  bare: true,
  load: () => import('@/features/onboarding'),
};
