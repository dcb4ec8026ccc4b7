import { CircleCheck, CircleX } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { cn } from '@/components/ui/cn';
import { Mark, StatusBadge } from '@/components/ui/status-badge';
import { Code } from '@/components/ui/text';
import { Tooltip } from '@/components/ui/tooltip';
import type { Connection } from '@/lib/api';
import { useFormat } from '@/lib/format';
import type { AccountActions, Note } from '../actions';
import { isTroubled } from '../upstreams';
import { AccountMenu } from './account-menu';

export interface RowHandlers {
  actions: AccountActions;
  onRename: (account: Connection) => void;
  onKey: (account: Connection) => void;
}

/** One account: who it is, how it does, what helps, when it was used. */
export function AccountRow({ account, place, handlers }: { account: Connection; place: number | null; handlers: RowHandlers }) {
  const { t } = useTranslation('providers');
  const note = handlers.actions.notes[account.id];
  const local = account.kind === 'none' && account.baseUrl !== undefined;
  return (
    <div data-account={account.id} className="min-w-0 py-1.5">
      <div className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-3 gap-y-1 sm:flex sm:flex-wrap">
        <span className={cn('col-span-2 flex min-w-0 flex-wrap items-baseline gap-x-2 sm:flex-[1_1_12rem]', !account.isActive && 'text-text-3')}>
          {place !== null && (
            <span aria-hidden className="figures w-4 shrink-0 text-end text-small text-text-3">
              {place}
            </span>
          )}
          <span className="min-w-0 font-medium">{account.name}</span>
          {account.kind === 'relay' && <Mark tone="accent">{t('relay')}</Mark>}
          {account.keyHint !== '' && <Code className="text-text-2">{account.keyHint}</Code>}
          {local && <Code className="min-w-0 text-text-2">{hostOf(account.baseUrl ?? '')}</Code>}
          <Used at={account.lastUsedAt} className="sm:hidden" />
        </span>
        <span className="flex min-w-0 flex-wrap items-center gap-2">
          <StatusBadge status={account.status} detail={account.statusUntil === undefined ? undefined : <Until at={account.statusUntil} />} />
          <WayOut account={account} handlers={handlers} />
        </span>
        <span className="ms-auto flex items-center gap-2">
          <Used at={account.lastUsedAt} className="w-36 text-end max-sm:hidden" />
          <AccountMenu account={account} handlers={handlers} />
        </span>
      </div>
      {note !== undefined ? <NoteLine note={note} /> : isTroubled(account) && (account.statusWhy ?? '') !== '' && <Why indent={place !== null}>{account.statusWhy}</Why>}
    </div>
  );
}

function Used({ at, className }: { at: string | undefined; className: string }) {
  const { t } = useTranslation('providers');
  const format = useFormat();
  return (
    <span className={cn('text-small text-text-2', className)}>
      {at === undefined ? (
        t('never')
      ) : (
        <Tooltip text={format.full(at)}>
          <span>{t('used', { when: format.when(at) })}</span>
        </Tooltip>
      )}
    </span>
  );
}

/** Detail of the status: until when. */
function Until({ at }: { at: string }) {
  const { t } = useTranslation('providers');
  const format = useFormat();
  const then = new Date(at);
  return t('until', { time: then.toDateString() === new Date().toDateString() ? format.clock(then) : format.when(then) });
}

function Why({ indent, children }: { indent: boolean; children: ReactNode }) {
  return (
    <p lang="en" dir="ltr" className={cn('m-0 text-small text-text-2', indent && 'ps-6')}>
      {children}
    </p>
  );
}

function NoteLine({ note }: { note: Note }) {
  const Icon = note.ok ? CircleCheck : CircleX;
  return (
    <p role="status" className="m-0 mt-1 flex items-start gap-2 text-small">
      <Icon size={16} strokeWidth={1.75} aria-hidden className={note.ok ? 'text-ok' : 'text-bad'} />
      <span className="flex min-w-0 flex-col">
        {note.text}
        {note.detail !== '' && (
          <span lang="en" dir="ltr" className="text-text-2">
            {note.detail}
          </span>
        )}
      </span>
    </p>
  );
}

/** The one thing that helps now (dashboard 1.6). */
function WayOut({ account, handlers }: { account: Connection; handlers: RowHandlers }) {
  const { t } = useTranslation('providers');
  const { actions } = handlers;
  const ways: Partial<Record<Connection['status'], readonly [string, () => unknown]>> = {
    untested: [t('way.test'), () => actions.test(account)],
    cooling: [t('way.release'), () => actions.release(account)],
    'breaker-open': [t('way.testNow'), () => actions.test(account)],
    off: [t('way.on'), () => actions.toggle(account)],
    ...(account.kind === 'apikey' ? { 'needs-key': [t('way.newKey'), () => handlers.onKey(account)], 'sign-in': [t('way.newKey'), () => handlers.onKey(account)] } : {}),
  };
  const way = ways[account.status];
  if (way === undefined) return null;
  return (
    <Button size="sm" loading={actions.busy.has(account.id)} onClick={() => void way[1]()}>
      {way[0]}
    </Button>
  );
}

function hostOf(address: string): string {
  try {
    return new URL(address).host;
  } catch {
    return address;
  }
}
