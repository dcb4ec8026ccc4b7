import { ArrowRight, CircleCheck, CircleX } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Card } from '@/components/ui/card';
import { EmptyState, ErrorState, Skeleton } from '@/components/ui/states';
import { Code, TextLink } from '@/components/ui/text';
import type { CallLog } from '@/lib/api';
import { agentName, useFormat } from '@/lib/format';
import { useVerb } from '@/lib/query';

const most = 5;

/** Where the last requests went. Each opens its own story in the log. */
export function LastRequests() {
  const { t } = useTranslation('home');
  const { data, error, refetch } = useVerb('Logs.Calls', { limit: most });
  return (
    <Card title={t('last.title')} busy={!error && data === undefined} flush action={data !== undefined && data.logs.length > 0 && <TextLink href="#/logs/requests">{t('last.all')}</TextLink>}>
      {error && <ErrorState error={error} onRetry={() => void refetch()} className="px-card" />}
      {!error && data === undefined && <Skeleton lines={4} className="px-card" />}
      {data?.logs.length === 0 && <EmptyState className="py-6" text={t('last.empty')} />}
      {data !== undefined && data.logs.length > 0 && (
        <ul className="m-0 list-none p-2 pt-0">
          {data.logs.map((log) => (
            <li key={log.id}>
              <Row log={log} />
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function Row({ log }: { log: CallLog }) {
  const { t } = useTranslation('home');
  const format = useFormat();
  const ok = log.kind === '';
  const Icon = ok ? CircleCheck : CircleX;
  return (
    <a href={`#/logs/requests/${encodeURIComponent(log.id)}`} className="block rounded-control px-2 py-1.5 text-text no-underline transition-colors duration-fast hover:bg-hover">
      <span className="figures flex items-center justify-between gap-3 text-caption text-text-3">
        <span className="min-w-0 truncate" title={format.full(log.time)}>
          {format.when(log.time)}
          {log.agent !== '' && ` · ${agentName(log.agent)}`}
        </span>
        <span className="shrink-0">
          {log.attempts > 1 && `${t('last.tries', { count: log.attempts })} · `}
          {format.duration(log.totalMs)}
        </span>
      </span>
      <span className="flex items-center gap-1.5">
        <Code className="min-w-0 truncate">{log.requestedModel}</Code>
        {log.answeredBy !== log.requestedModel && (
          <>
            <ArrowRight size={12} strokeWidth={1.75} aria-hidden className="mirror text-text-3" />
            <span className="sr-only">{t('last.answered')}</span>
            {ok ? <Code className="min-w-0 truncate">{log.answeredBy}</Code> : <span className="truncate text-bad">{t('last.nobody')}</span>}
          </>
        )}
        <Icon size={14} strokeWidth={1.75} aria-hidden className={ok ? 'ms-auto text-ok' : 'ms-auto text-bad'} />
      </span>
    </a>
  );
}
