import { KeyRound } from 'lucide-react';
import type { PageRoute } from './page';

export const keys: PageRoute = {
  id: 'keys',
  path: '/keys',
  aliases: ['/api-manager', '/dashboard/keys', '/dashboard/api-manager'],
  title: 'page.keys',
  nav: { group: 'connect', icon: KeyRound },
  key: 'k',
  areas: ['keys', 'combos'],
  load: () => import('@/features/keys'),
};
