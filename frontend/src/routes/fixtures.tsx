import type { PageRoute } from './page';

/** Every primitive in every state. Only in builds for development and tests. */
export const fixtures: PageRoute = {
  id: 'fixtures',
  path: '/__ui',
  title: 'page.fixtures',
  areas: [],
  load: () => import('@/features/fixtures'),
};
