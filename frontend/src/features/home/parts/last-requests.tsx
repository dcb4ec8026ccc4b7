import { ArrowRight, CircleCheck, CircleX } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Card } from '@/components/ui/card';
import { cn } from '@/components/ui/cn';
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
  const tool = agentName(log.agent);
  return (
    <a
      href={`#/logs/requests/${encodeURIComponent(log.id)}`}
      className="grid grid-cols-[1rem_minmax(0,1fr)_auto] items-center gap-x-3 rounded-control px-2 py-1.5 text-text no-underline transition-colors duration-fast hover:bg-hover md:grid-cols-[1rem_5rem_8rem_minmax(0,1fr)_auto_5rem]"
    >
      <Icon size={16} strokeWidth={1.75} aria-hidden className={cn('row-span-2 md:row-span-1', ok ? 'text-ok' : 'text-bad')} />
      <span className="figures col-start-2 row-start-2 text-small text-text-3 md:col-start-auto md:row-start-auto" title={format.full(log.time)}>
        {format.when(log.time)}
        <span className="md:hidden">{tool !== '' && ` · ${tool}`}</span>
      </span>
      <span className="hidden min-w-0 truncate text-small text-text-2 md:block">{tool}</span>
      <span className="col-start-2 row-start-1 flex min-w-0 items-center gap-1.5 md:col-start-auto md:row-start-auto">
        <Code className="min-w-0 truncate">{log.requestedModel}</Code>
        {log.answeredBy !== log.requestedModel && (
          <>
            <ArrowRight size={12} strokeWidth={1.75} aria-hidden className="mirror text-text-3" />
            {ok ? (
              <>
                <span className="sr-only">{t('last.answered')}</span>
                <Code className="min-w-0 truncate">{log.answeredBy}</Code>
              </>
            ) : (
              <span className="min-w-0 truncate text-bad">{t('last.nobody')}</span>
            )}
          </>
        )}
      </span>
      <span className="hidden text-small text-text-3 md:block">{log.attempts > 1 && t('last.tries', { count: log.attempts })}</span>
      <span className="figures row-span-2 text-end text-small text-text-2 md:row-span-1">{format.duration(log.totalMs)}</span>
    </a>
  );
}
