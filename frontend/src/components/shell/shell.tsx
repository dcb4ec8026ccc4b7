import { lazy, Suspense, useEffect, useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { HeadingContext } from '@/components/page';
import { cn } from '@/components/ui/cn';
import { Sheet } from '@/components/ui/overlay';
import { inWindow, signOut } from '@/lib/api';
import { useShortcuts } from '@/lib/keys/shortcuts';
import { undoLast } from '@/lib/keys/undo';
import { drawer, useMedia } from '@/lib/media';
import { navigate } from '@/lib/router';
import { Banner } from './banner';
import { ConditionStrip } from './condition-strip';
import { useConditions } from './conditions';
import { ErrorBoundary } from './error-boundary';
import { Header } from './header';
import { useKeepFocus } from './keep-focus';
import { hrefOf, type NavPage } from './nav';
import { useFollowSettings } from './preferences';
import { Brand, Sidebar } from './sidebar';

const Palette = lazy(async () => ({ default: (await import('./palette')).Palette }));
const KeyboardHelp = lazy(async () => ({ default: (await import('./keyboard-help')).KeyboardHelp }));

interface ShellProps {
  pages: readonly NavPage[];
  /** The page on screen; undefined = no page has this address. */
  page: (NavPage & { bare?: boolean }) | undefined;
  /** The path without its search. */
  path: string;
  /** Another place means that another page was opened. */
  place: string;
  onLocked: () => void;
  children: ReactNode;
}

/** Everything around a page. */
export function Shell({ pages, page, path, place, onLocked, children }: ShellProps) {
  const { t } = useTranslation('shell');
  const { singleKeys, locked } = useFollowSettings();
  const [heading, setHeading] = useState<{ title: string; back?: string | undefined } | null>(null);
  const [palette, setPalette] = useState(false);
  const [help, setHelp] = useState(false);
  const h1 = useRef<HTMLHeadingElement>(null);
  const title = heading?.title ?? t(page?.title ?? 'page.notFound');
  const documentTitle = t('title', { page: title });
  useEffect(() => {
    document.title = documentTitle;
  }, [documentTitle]);
  useFocusOnArrival(place, h1);
  useKeepFocus(somewhere);
  const bare = page?.bare ?? false;
  useShortcuts({
    palette: () => setPalette(true),
    settings: () => navigate('/settings'),
    help: () => setHelp(true),
    undo: undoLast,
    singleKeys,
    go: (letter) => {
      const to = pages.find((one) => one.key === letter && one.nav);
      if (to) navigate(hrefOf(to).slice(1));
      return to !== undefined;
    },
  });
  const lock = locked && !inWindow() ? () => void signOut().finally(onLocked) : undefined;
  return (
    <HeadingContext value={setHeading}>
      <a href="#main" onClick={toContent} className="fixed start-2 top-2 z-toast -translate-y-16 rounded-control bg-accent px-3 py-2 text-on-accent focus:translate-y-0">
        {t('skip')}
      </a>
      {bare ? (
        <main id="main" tabIndex={-1} className="min-h-dvh focus:outline-none">
          <ErrorBoundary at={path}>{children}</ErrorBoundary>
        </main>
      ) : (
        <Frame pages={pages} header={(onMenu) => <Header title={title} back={heading?.back} heading={h1} onMenu={onMenu} onPalette={() => setPalette(true)} onHelp={() => setHelp(true)} onLock={lock} />}>
          <ErrorBoundary at={path}>{children}</ErrorBoundary>
        </Frame>
      )}
      <Suspense>
        {palette && <Palette open onOpenChange={setPalette} pages={pages} onHelp={() => setHelp(true)} />}
        {help && <KeyboardHelp open onOpenChange={setHelp} pages={pages} singleKeys={singleKeys} />}
      </Suspense>
    </HeadingContext>
  );
}

function Frame({ pages, header, children }: { pages: readonly NavPage[]; header: (onMenu: (() => void) | undefined) => ReactNode; children: ReactNode }) {
  const narrow = useMedia(drawer);
  const rail = useMedia('(min-width: 900px) and (max-width: 1199px)');
  const [open, setOpen] = useState(false);
  const { badges } = useConditions();
  return (
    <div className="flex min-h-dvh">
      {!narrow && (
        <div className={cn('sticky top-0 flex h-dvh shrink-0 flex-col border-e border-border bg-sunken', rail ? 'w-14' : 'w-58')}>
          <Sidebar pages={pages} badges={badges} rail={rail} />
        </div>
      )}
      <div className="flex min-w-0 grow flex-col">
        {header(narrow ? () => setOpen(true) : undefined)}
        <Banner />
        <main id="main" tabIndex={-1} className="min-w-0 grow focus:outline-none">
          <ConditionStrip />
          {children}
        </main>
      </div>
      {narrow && (
        <Sheet open={open} onOpenChange={setOpen} title={<Brand />} side="start" width="w-72" modal>
          <div className="-m-4 flex min-h-[calc(100%+32px)] flex-col pt-2">
            <Sidebar pages={pages} badges={badges} rail={false} brand={false} onNavigate={() => setOpen(false)} />
          </div>
        </Sheet>
      )}
    </div>
  );
}

/** The heading of the page, wherever the page draws it. */
function somewhere(): HTMLElement | null {
  return document.querySelector<HTMLElement>('h1[tabindex]') ?? document.getElementById('main');
}

function toContent(event: { preventDefault: () => void }): void {
  event.preventDefault(); // the hash is ours
  document.getElementById('main')?.focus();
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
