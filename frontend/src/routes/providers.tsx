import { Plug } from 'lucide-react';
import type { PageRoute } from './page';

export const providers: PageRoute = {
  id: 'providers',
  path: '/providers/:id?/:tab?',
  aliases: ['/dashboard/providers', '/dashboard/providers/:id'],
  title: 'page.providers',
  nav: { group: 'connect', icon: Plug },
  key: 'p',
  areas: ['providers', 'connect'],
  load: () => import('@/features/providers'),
};
