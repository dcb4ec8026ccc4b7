import { Layers } from 'lucide-react';
import type { PageRoute } from './page';

export const combos: PageRoute = {
  id: 'combos',
  path: '/combos/:id?',
  aliases: ['/dashboard/combos'],
  title: 'page.combos',
  nav: { group: 'connect', icon: Layers },
  key: 'c',
  areas: ['combos'],
  load: () => import('@/features/combos'),
};
