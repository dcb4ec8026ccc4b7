import { CircleCheck, CircleX } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { Tooltip } from '@/components/ui/tooltip';
import type { ModelTest } from '@/lib/api';
import { useFormat } from '@/lib/format';

/** Asks one model for a word, and says what came of it in the row. */
export function TestCell({ model, state, onTest }: { model: string; state: ModelTest | 'running' | undefined; onTest: () => void }) {
  const { t } = useTranslation('providers');
  const format = useFormat();
  const result = state === 'running' ? undefined : state;
  const works = result?.status === 'ok';
  return (
    <>
      <span role="status" className="flex min-w-0 items-center gap-1.5 text-small">
        {works && (
          <>
            <CircleCheck size={16} strokeWidth={1.75} aria-hidden className="text-ok" />
            {t('models.works', { time: format.duration(result.latencyMs) })}
          </>
        )}
        {result && !works && (
          <Tooltip text={result.error ?? ''}>
            <span tabIndex={0} className="inline-flex items-center gap-1.5 rounded-control">
              <CircleX size={16} strokeWidth={1.75} aria-hidden className="text-bad" />
              {t('models.failed')}
              <span className="sr-only"> {result.error}</span>
            </span>
          </Tooltip>
        )}
      </span>
      <Button size="sm" look="ghost" loading={state === 'running'} aria-label={t('models.testName', { model })} onClick={onTest}>
        {t('models.test')}
      </Button>
    </>
  );
}
