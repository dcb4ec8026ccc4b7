import { House } from 'lucide-react';
import type { PageRoute } from './page';

export const home: PageRoute = {
  id: 'home',
  path: '/',
  aliases: ['/home', '/endpoint', '/dashboard'],
  title: 'page.home',
  nav: { group: 'top', icon: House },
  key: 'h',
  areas: [],
  load: () => import('@/features/home'),
};
