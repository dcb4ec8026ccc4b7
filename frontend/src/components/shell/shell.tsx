import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { HeadingContext } from '@/components/page';
import { Sheet } from '@/components/ui/overlay';
import { drawer, useMedia } from '@/lib/media';
import { Banner } from './banner';
import { ErrorBoundary } from './error-boundary';
import { Header } from './header';
import type { NavPage } from './nav';
import { useFollowSettings } from './preferences';
import { Sidebar } from './sidebar';

interface ShellProps {
  pages: readonly NavPage[];
  /** The page on screen; undefined = no page has this address. */
  page: (NavPage & { bare?: boolean }) | undefined;
  /** The path without its search. */
  path: string;
  /** Another place means that another page was opened. */
  place: string;
  children: ReactNode;
}

/** Everything around a page. */
export function Shell({ pages, page, path, place, children }: ShellProps) {
  const { t } = useTranslation('shell');
  useFollowSettings();
  const narrow = useMedia(drawer);
  const rail = useMedia('(min-width: 900px) and (max-width: 1199px)');
  const [open, setOpen] = useState(false);
  const [heading, setHeading] = useState<{ title: string; back?: string | undefined } | null>(null);
  const h1 = useRef<HTMLHeadingElement>(null);
  const title = heading?.title ?? t(page?.title ?? 'page.notFound');
  useDocumentTitle(t('title', { page: title }));
  useFocusOnArrival(place, h1);
  const sidebar = useMemo(() => ({ pages, badges: {} }), [pages]);
  const bare = page?.bare ?? false;
  return (
    <HeadingContext value={setHeading}>
      <a href="#main" onClick={(event) => toContent(event)} className="fixed start-2 top-2 z-toast -translate-y-16 rounded-control bg-accent px-3 py-2 text-on-accent focus:translate-y-0">
        {t('skip')}
      </a>
      {bare ? (
        <main id="main" tabIndex={-1} className="min-h-dvh focus:outline-none">
          <ErrorBoundary at={path}>{children}</ErrorBoundary>
        </main>
      ) : (
        <div className="flex min-h-dvh">
          {!narrow && (
            <div className={`sticky top-0 flex h-dvh shrink-0 flex-col border-e border-border bg-sunken ${rail ? 'w-14' : 'w-58'}`}>
              <Sidebar {...sidebar} rail={rail} />
            </div>
          )}
          <div className="flex min-w-0 grow flex-col">
            <Header title={title} back={heading?.back} heading={h1} onMenu={narrow ? () => setOpen(true) : undefined} />
            <Banner />
            <main id="main" tabIndex={-1} className="min-w-0 grow focus:outline-none">
              <ErrorBoundary at={path}>{children}</ErrorBoundary>
            </main>
          </div>
          {narrow && (
            <Sheet open={open} onOpenChange={setOpen} title={t('nav.label')} side="start" width="w-72" modal>
              <div className="-m-4 flex min-h-full flex-col">
                <Sidebar {...sidebar} rail={false} onNavigate={() => setOpen(false)} />
              </div>
            </Sheet>
          )}
        </div>
      )}
    </HeadingContext>
  );
}

function toContent(event: { preventDefault: () => void }): void {
  event.preventDefault(); // the hash is ours
  document.getElementById('main')?.focus();
}

function useDocumentTitle(title: string): void {
  useEffect(() => {
    document.title = title;
  }, [title]);
}

/** Another page moves the focus to its heading, so that a screen reader reads
 * on from there. The first page of all leaves the focus alone. */
function useFocusOnArrival(place: string, h1: { current: HTMLHeadingElement | null }): void {
  const last = useRef(place);
  useEffect(() => {
    if (last.current === place) return;
    last.current = place;
    window.scrollTo(0, 0);
    h1.current?.focus({ preventScroll: true });
  }, [place, h1]);
}
