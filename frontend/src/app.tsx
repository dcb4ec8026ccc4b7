import { QueryClientProvider } from '@tanstack/react-query';
import { Direction } from 'radix-ui';
import { createElement, lazy, Suspense, useState, type ComponentType } from 'react';
import { useTranslation } from 'react-i18next';
import { useFirstRun } from '@/components/shell/first-run';
import { Shell } from '@/components/shell/shell';
import { Skeleton } from '@/components/ui/states';
import { Toaster } from '@/components/ui/toaster';
import { TooltipProvider } from '@/components/ui/tooltip';
import { loadAreas } from '@/lib/i18n';
import { LiveProvider, newQueryClient } from '@/lib/query';
import { matchPath, Params, Router, usePath, useSearchText } from '@/lib/router';
import { pages, type PageRoute } from '@/routes';
import { Door } from './door';
import { NotFound } from './not-found';

const lazily = (route: PageRoute): ComponentType =>
  lazy(async () => {
    const [{ Page }] = await Promise.all([route.load(), loadAreas(route.areas)]);
    return { default: Page };
  });

const bodies = new Map(pages.map((route) => [route.id, lazily(route)]));

export function App() {
  const [client] = useState(newQueryClient);
  const { i18n } = useTranslation();
  return (
    <QueryClientProvider client={client}>
      <Direction.Provider dir={i18n.dir()}>
        <TooltipProvider delayDuration={400} skipDelayDuration={200}>
          <Router hook={usePath} searchHook={useSearchText}>
            <Door>
              {(onLocked) => (
                <LiveProvider>
                  <Pages onLocked={onLocked} />
                </LiveProvider>
              )}
            </Door>
          </Router>
          <Toaster />
        </TooltipProvider>
      </Direction.Provider>
    </QueryClientProvider>
  );
}

function find(path: string) {
  for (const route of pages) {
    for (const pattern of [route.path, ...(route.aliases ?? [])]) {
      const params = matchPath(pattern, path);
      if (params) return { route, params };
    }
  }
  return undefined;
}

function Pages({ onLocked }: { onLocked: () => void }) {
  const [path] = usePath();
  const found = find(path);
  const place = found?.route.sheets ? found.route.id : path;
  const undecided = useFirstRun(path);
  return (
    <Shell pages={pages} page={found?.route} path={path} place={place} onLocked={onLocked}>
      <Suspense fallback={<Skeleton className="mx-auto max-w-page px-gutter py-6" lines={6} />}>
        <Params value={found?.params ?? {}}>
          {!undecided && createElement((found && bodies.get(found.route.id)) ?? NotFound, { key: found?.route.id })}
        </Params>
      </Suspense>
    </Shell>
  );
}
