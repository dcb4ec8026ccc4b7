import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Card } from '@/components/ui/card';
import { ErrorState, Skeleton } from '@/components/ui/states';
import { useFormat } from '@/lib/format';
import { useVerb } from '@/lib/query';

/** The local day in three figures. */
export function TodayCard() {
  const { t } = useTranslation('home');
  const format = useFormat();
  const { data, error, refetch } = useVerb('Overview.Today');
  const none = data?.requests === 0;
  return (
    <Card title={t('today.title')} busy={!error && data === undefined}>
      {error && <ErrorState error={error} onRetry={() => void refetch()} />}
      {!error && data === undefined && <Skeleton lines={2} />}
      {data !== undefined && (
        <dl className="m-0 grid grid-cols-[repeat(auto-fit,minmax(5.5rem,1fr))] gap-x-4 gap-y-3">
          <Figure name={t('today.requests')} value={format.tokens(data.requests)} exact={format.count(data.requests)} below={none ? t('today.none') : data.failed > 0 ? t('today.failed', { count: data.failed }) : t('today.allAnswered')} bad={data.failed > 0} />
          <Figure
            name={t('today.tokens')}
            value={format.tokens(data.tokens.input + data.tokens.output)}
            exact={format.count(data.tokens.input + data.tokens.output)}
            below={none ? t('today.none') : t('today.cached', { share: format.percent(data.tokens.input > 0 ? data.tokens.cacheRead / data.tokens.input : 0) })}
          />
          <Figure name={t('today.spent')} value={format.money(data.spentMicros, data.spentMicros === 0 && data.unpriced > 0 ? 'unknown' : 'exact')} below={none ? t('today.none') : data.unpriced > 0 ? t('today.unpriced', { count: data.unpriced }) : t('today.allPriced')} />
        </dl>
      )}
    </Card>
  );
}

function Figure({ name, value, exact, below, bad = false }: { name: string; value: string; exact?: string; below: ReactNode; bad?: boolean }) {
  return (
    <div className="flex min-w-0 flex-col">
      <dt className="text-body text-text-2">{name}</dt>
      <dd className="m-0">
        <span className="figures block text-figure font-semibold" title={exact}>
          {value}
        </span>
        <span className={bad ? 'text-caption text-bad' : 'text-caption text-text-3'}>{below}</span>
      </dd>
    </div>
  );
}
