import { Settings } from 'lucide-react';
import type { PageRoute } from './page';

export const settings: PageRoute = {
  id: 'settings',
  path: '/settings/:section?',
  aliases: ['/dashboard/settings'],
  title: 'page.settings',
  nav: { group: 'end', icon: Settings },
  key: 's',
  areas: ['settings'],
  load: () => import('@/features/settings'),
};
