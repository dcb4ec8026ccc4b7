import { ArrowRight, ChevronDown } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useReasons } from '@/components/reasons';
import { ComboMenu } from '@/components/shell/combo-menu';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { EmptyState, ErrorState, Skeleton } from '@/components/ui/states';
import { StatusBadge, type Status } from '@/components/ui/status-badge';
import { Code, TextLink } from '@/components/ui/text';
import type { PreviewRow } from '@/lib/api';
import { useFormat } from '@/lib/format';
import { useVerb } from '@/lib/query';

const most = 4;

/** Why a step is passed over, in the words of the status vocabulary. */
const statusOf: Partial<Record<string, Status>> = {
  cooldown: 'cooling',
  quota_exhausted: 'out-of-quota',
  quota_empty: 'out-of-quota',
  breaker_open: 'breaker-open',
  breaker_probing: 'probing',
  disabled: 'off',
  needs_key: 'needs-key',
  no_credentials: 'needs-key',
  reauth: 'sign-in',
  no_login: 'sign-in',
};

interface Step {
  index: number;
  model: string;
  /** undefined = can answer */
  trouble: PreviewRow | undefined;
}

/** One line per step: it is fine when any of its accounts is. */
export function stepsOf(rows: readonly PreviewRow[]): Step[] {
  const steps: Step[] = [];
  for (const row of rows) {
    const known = steps.find((step) => step.index === row.step);
    const trouble = row.verdict === 'skipped' ? row : undefined;
    if (!known) steps.push({ index: row.step, model: row.model, trouble });
    else if (!trouble) known.trouble = undefined;
  }
  return steps;
}

/** What answers to `auto`, in order, and who would get the next request. */
export function ComboCard() {
  const { t } = useTranslation('home');
  const format = useFormat();
  const { data: status } = useVerb('System.Status');
  const name = status?.activeCombo ?? '';
  const { data, error, refetch } = useVerb('Combos.Preview', { name }, { enabled: name !== '', keep: true });
  const next = data?.rows.find((row) => row.verdict === 'would_answer');
  const steps = stepsOf(data?.rows ?? []);
  const more = steps.length - most;
  return (
    <Card
      title={t('combo.title')}
      busy={!error && (status === undefined || (name !== '' && data === undefined))}
      action={
        name !== '' && (
          <ComboMenu
            trigger={
              <Button size="sm">
                <span className="max-w-40 truncate">{name}</span>
                <ChevronDown size={14} strokeWidth={1.75} aria-hidden />
              </Button>
            }
          />
        )
      }
    >
      {error && <ErrorState error={error} onRetry={() => void refetch()} />}
      {!error && (status === undefined || (name !== '' && data === undefined)) && <Skeleton lines={3} />}
      {status !== undefined && name === '' && (
        <EmptyState
          className="py-4"
          text={t('combo.none')}
          action={
            <Button asChild>
              <a href="#/combos/new">{t('combo.new')}</a>
            </Button>
          }
        />
      )}
      {name !== '' && data && (
        <>
          <ol className="m-0 flex list-none flex-col gap-1 p-0">
            {steps.slice(0, most).map((step) => (
              <StepLine key={step.index} step={step} />
            ))}
          </ol>
          {more > 0 && (
            <TextLink href="#/combos" className="self-start text-small">
              {t('combo.more', { count: more })}
            </TextLink>
          )}
          <p className="m-0 mt-auto flex flex-wrap items-center gap-x-2 pt-3 text-small text-text-2">
            {next ? (
              <>
                {t('combo.next')}
                <ArrowRight size={14} strokeWidth={1.75} aria-hidden className="mirror shrink-0" />
                <Code className="min-w-0 truncate text-text">{next.target}</Code>
              </>
            ) : (
              <span className="text-bad">{data.nextAt === undefined ? t('combo.nobody') : t('combo.nobodyUntil', { time: format.until(data.nextAt) })}</span>
            )}
          </p>
        </>
      )}
    </Card>
  );
}

function StepLine({ step }: { step: Step }) {
  const reason = useReasons();
  const { trouble } = step;
  const why = trouble && reason(trouble.code, trouble.args);
  return (
    <li className="flex min-h-7 items-center gap-2" title={why}>
      <span className="figures w-4 shrink-0 text-text-3">{step.index + 1}</span>
      <Code className="min-w-0 grow truncate">{step.model}</Code>
      <StatusBadge status={trouble ? (statusOf[trouble.code] ?? 'off') : 'ready'} {...(trouble && statusOf[trouble.code] === undefined ? { word: why } : {})} className="max-w-[60%] shrink-0" />
      {why !== undefined && <span className="sr-only">{why}</span>}
    </li>
  );
}
