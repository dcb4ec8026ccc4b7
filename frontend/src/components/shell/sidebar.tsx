import { useTranslation } from 'react-i18next';
import { cn } from '@/components/ui/cn';
import { Tooltip } from '@/components/ui/tooltip';
import { usePath } from '@/lib/router';
import { Logo } from './logo';
import { ComboSwitch, GatewayStatus } from './standing';
import { hrefOf, isCurrent, type NavPage } from './nav';

interface SidebarProps {
  pages: readonly NavPage[];
  /** Open problems by page. */
  badges: Readonly<Record<string, number>>;
  /** Only icons; words become visually hidden and appear as tooltips. */
  rail: boolean;
  /** The drawer has the name in its own title. */
  brand?: boolean;
  onNavigate?: () => void;
}

export function Sidebar({ pages, badges, rail, brand = true, onNavigate }: SidebarProps) {
  const { t } = useTranslation('shell');
  const [path] = usePath();
  const group = (name: string) => pages.filter((page) => page.nav?.group === name);
  const items = (list: readonly NavPage[]) => (
    <ul className="m-0 flex list-none flex-col gap-0.5 p-0">
      {list.map((page) => (
        <Item key={page.id} page={page} current={isCurrent(page, path)} badge={badges[page.id] ?? 0} rail={rail} onNavigate={onNavigate} />
      ))}
    </ul>
  );
  const heading = (text: string) => <p className={cn('mt-3 mb-1 px-3 text-caption font-medium text-text-3', rail && 'sr-only')}>{text}</p>;
  const end = group('end');
  return (
    <>
      {brand && (
        <div className={cn('flex h-14 shrink-0 items-center gap-2.5 px-5 font-semibold', rail && 'justify-center px-0')}>
          <Brand rail={rail} />
        </div>
      )}
      <nav aria-label={t('nav.label')} className="min-h-0 grow overflow-y-auto px-2">
        {items(group('top'))}
        {group('connect').length > 0 && heading(t('nav.connect'))}
        {items(group('connect'))}
        {group('observe').length > 0 && heading(t('nav.observe'))}
        {items(group('observe'))}
        {end.length > 0 && <div className="mx-3 my-2 h-px bg-border" />}
        {items(end)}
      </nav>
      <div className="flex shrink-0 flex-col gap-1 border-t border-border p-2">
        <GatewayStatus rail={rail} />
        <ComboSwitch rail={rail} />
      </div>
    </>
  );
}

export function Brand({ rail = false }: { rail?: boolean }) {
  return (
    <span className="flex items-center gap-2.5 text-body font-semibold">
      <Logo />
      <span className={cn(rail && 'sr-only')}>OmniRoute</span>
    </span>
  );
}

function Item({ page, current, badge, rail, onNavigate }: { page: NavPage; current: boolean; badge: number; rail: boolean; onNavigate?: (() => void) | undefined }) {
  const { t } = useTranslation('shell');
  const Icon = page.nav?.icon;
  const name = t(page.title);
  const link = (
    <a
      href={hrefOf(page)}
      aria-current={current ? 'page' : undefined}
      onClick={onNavigate}
      className={cn(
        'relative flex min-h-9 items-center gap-3 rounded-control px-3 text-body no-underline transition-colors duration-fast pointer-coarse:min-h-11',
        current ? 'bg-accent-soft font-medium text-text' : 'text-text-2 hover:bg-hover hover:text-text',
        rail && 'justify-center px-0',
      )}
    >
      {Icon && <Icon size={20} strokeWidth={1.75} aria-hidden className={cn(current && 'text-accent')} />}
      <span className={cn('min-w-0 grow truncate', rail && 'sr-only')}>{name}</span>
      {badge > 0 && (
        <span className={cn('figures rounded-full bg-bad-soft px-1.5 text-caption text-bad', rail && 'absolute end-1 top-0.5')}>
          <span aria-hidden>{badge}</span>
          <span className="sr-only">{t('badge', { count: badge })}</span>
        </span>
      )}
    </a>
  );
  return (
    <li>
      {rail ? (
        <Tooltip text={name} side={document.documentElement.dir === 'rtl' ? 'left' : 'right'}>
          {link}
        </Tooltip>
      ) : (
        link
      )}
    </li>
  );
}
