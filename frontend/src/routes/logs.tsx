import { ScrollText } from 'lucide-react';
import type { PageRoute } from './page';

export const logs: PageRoute = {
  id: 'logs',
  path: '/logs/:tab?/:id?',
  aliases: ['/dashboard/logs'],
  title: 'page.logs',
  nav: { group: 'observe', icon: ScrollText },
  key: 'l',
  sheets: true,
  areas: ['logs'],
  load: () => import('@/features/logs'),
};
