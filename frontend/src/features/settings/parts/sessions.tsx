import { Monitor } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { ErrorState, Skeleton } from '@/components/ui/states';
import { Mark } from '@/components/ui/status-badge';
import { toast } from '@/components/ui/toaster';
import { useFormat } from '@/lib/format';
import { useAct, useVerb } from '@/lib/query';
import { browserOf } from '../browser';
import { useMatches } from '../find';

/** The browsers that are signed in, and how to send them away. */
export function Sessions() {
  const { t } = useTranslation('settings');
  const format = useFormat();
  const matches = useMatches();
  const { data, error, refetch } = useVerb('Security.Sessions', {});
  const endOne = useAct('Security.EndSession');
  const endMany = useAct('Security.EndSessions');
  if (!matches(t('sessions.title'), 'sessions')) return null;
  const after = { onSuccess: () => void refetch(), onError: (failure: Error) => toast.say(failure.message) };
  const sessions = data?.sessions ?? [];
  return (
    <Card
      title={t('sessions.title')}
      busy={!error && data === undefined}
      action={
        sessions.length > 1 && (
          <Button size="sm" onClick={() => endMany.mutate({ others: true }, after)} loading={endMany.isPending}>
            {t('sessions.endOthers')}
          </Button>
        )
      }
    >
      {error && <ErrorState error={error} onRetry={() => void refetch()} />}
      {!error && data === undefined && <Skeleton lines={2} />}
      <ul className="m-0 list-none divide-y divide-border p-0">
        {sessions.map((session) => (
          <li key={session.id} className="flex flex-wrap items-center gap-x-3 gap-y-1 py-2.5">
            <Monitor size={16} strokeWidth={1.75} aria-hidden className="text-text-3" />
            <div className="min-w-0 flex-[1_1_12rem]">
              <span className="flex flex-wrap items-center gap-2">
                <span title={session.agent}>{browserOf(session.agent) ?? t('sessions.unknown')}</span>
                {session.current && <Mark tone="accent">{t('sessions.this')}</Mark>}
              </span>
              <span className="figures block text-small text-text-2">{t('sessions.times', { since: format.when(session.createdAt), seen: format.when(session.seenAt) })}</span>
            </div>
            {!session.current && (
              <Button size="sm" onClick={() => endOne.mutate({ id: session.id }, after)}>
                {t('sessions.end')}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}
