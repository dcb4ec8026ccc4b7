import { ArrowRight, Ban, CircleCheck, CircleX, Play } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { ModelChip } from '@/components/model-chip';
import { useReasons } from '@/components/reasons';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { ErrorState, Skeleton } from '@/components/ui/states';
import type { ModelTest, PreviewRow } from '@/lib/api';
import { useFormat } from '@/lib/format';
import { useAct } from '@/lib/query';
import { modelOf } from '../draft';
import { usePreview } from '../preview';

/** Who would answer now, who would be asked next, and who is passed over and
 * why, for what is on the page and not only for what is saved. */
export function Outcome({ models, name }: { models: readonly string[]; name: string | undefined }) {
  const { t } = useTranslation('combos');
  const format = useFormat();
  const { data, error, isFetching, refetch } = usePreview(models, name);
  const test = useAct('Combos.Test');
  const rows = models.length === 0 ? [] : (data?.rows ?? []);
  const until = data?.nextAt;
  const nobody = rows.length > 0 && !rows.some((row) => row.verdict === 'would_answer');
  const asked = test.variables?.models?.map(modelOf).join('\n');
  return (
    <Card title={t('outcome.title')} busy={isFetching && data !== undefined} className="md:sticky md:top-18">
      {models.length === 0 && <p className="m-0 text-body text-text-2">{t('outcome.empty')}</p>}
      {error && models.length > 0 && <ErrorState error={error} onRetry={() => void refetch()} />}
      {models.length > 0 && data === undefined && !error && <Skeleton />}
      {nobody && <p className="m-0 mb-2 text-body font-medium text-bad">{until === undefined ? t('nobody') : t('nobodyUntil', { time: format.clock(until) })}</p>}
      {rows.length > 0 && (
        <ol className="m-0 flex list-none flex-col gap-3 p-0">
          {rows.map((row, i) => (
            <Row key={`${i}:${row.target}`} row={row} />
          ))}
        </ol>
      )}
      {models.length > 0 && (
        <div className="mt-4 flex flex-col gap-2 border-t border-border pt-3">
          <Button className="self-start" loading={test.isPending} onClick={() => test.mutate({ models: [...models], ...(name === undefined ? {} : { comboName: name }) })}>
            <Play size={16} strokeWidth={1.75} aria-hidden />
            {t('outcome.test')}
          </Button>
          {test.error && <ErrorState error={test.error} />}
          {test.data && asked === models.join('\n') && <Results results={test.data.results} />}
        </div>
      )}
    </Card>
  );
}

const looks = { would_answer: { Icon: CircleCheck, tone: 'text-ok', word: 'outcome.would' }, next: { Icon: ArrowRight, tone: 'text-text-3', word: 'outcome.then' }, skipped: { Icon: Ban, tone: 'text-warn', word: 'outcome.skipped' } } as const;

function Row({ row }: { row: PreviewRow }) {
  const { t } = useTranslation(['combos', 'common']);
  const format = useFormat();
  const reason = useReasons();
  const { Icon, tone, word } = looks[row.verdict];
  const price = row.priceBasis === 'free' ? t('common:money.free') : row.priceBasis === 'plan' || row.priceBasis === 'reference' ? t('common:money.included') : row.estMicros === null ? null : format.money(row.estMicros, 'estimated');
  const why = row.verdict === 'skipped' ? reason(row.code, row.args) : '';
  return (
    <li className="flex min-w-0 gap-2">
      <Icon size={16} strokeWidth={1.75} aria-hidden className={`mt-0.5 shrink-0 ${tone} ${row.verdict === 'next' ? 'mirror' : ''}`} />
      <span className="flex min-w-0 grow flex-col">
        <span className="flex min-w-0 flex-wrap items-baseline gap-x-1.5">
          <ModelChip model={row.target} wrap />
          {row.accountName !== '' && <span className="min-w-0 truncate text-small text-text-2">· {row.accountName}</span>}
        </span>
        <span className="text-small text-text-2">
          {t(word)}
          {why !== '' && `: ${why}`}
          {row.verdict !== 'skipped' && price !== null && ` · ${price}`}
        </span>
      </span>
    </li>
  );
}

function Results({ results }: { results: readonly ModelTest[] }) {
  const { t } = useTranslation('combos');
  const format = useFormat();
  const reason = useReasons();
  const why = (result: ModelTest) => {
    const words = reason(result.code ?? '', result.args, result.error ?? '');
    return words === '' ? '' : `: ${words}`;
  };
  const ok = results.filter((result) => result.status === 'ok').length;
  return (
    <>
      <p role="status" className="m-0 text-body">
        {t('outcome.tested', { ok: format.count(ok), all: format.count(results.length) })}
      </p>
      <ol className="m-0 flex list-none flex-col gap-2 p-0">
        {results.map((result, i) => (
          <li key={`${i}:${result.model}`} className="flex min-w-0 gap-2 text-small">
            {result.status === 'ok' ? <CircleCheck size={16} strokeWidth={1.75} aria-hidden className="shrink-0 text-ok" /> : <CircleX size={16} strokeWidth={1.75} aria-hidden className="shrink-0 text-bad" />}
            <span className="min-w-0">
              <span className="text-text-2">{t('outcome.step', { n: i + 1 })}</span> <ModelChip model={result.model} />{' '}
              {result.status === 'ok' ? t('outcome.answered', { time: format.duration(result.latencyMs) }) : `${t('outcome.failed')}${why(result)}`}
            </span>
          </li>
        ))}
      </ol>
    </>
  );
}
