import { ArrowRight, Ban, CircleCheck, CircleX, Waypoints } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { TraceStep } from '@/lib/api';
import { useFormat } from '@/lib/format';
import { ModelChip } from './model-chip';
import { useReasons } from './reasons';
import { Code } from './ui/text';

const looks = {
  served: { Icon: CircleCheck, tone: 'text-ok' },
  failed: { Icon: CircleX, tone: 'text-bad' },
  skipped: { Icon: Ban, tone: 'text-text-3' },
  resolved: { Icon: Waypoints, tone: 'text-text-3' },
} as const;

/** The way of one request: every target it met, in order, with what became of
 * it and how long it took. */
export function RouteTrace({ steps, omitted = 0 }: { steps: readonly TraceStep[]; omitted?: number }) {
  const { t } = useTranslation('logs');
  if (steps.length === 0) return <p className="m-0 text-body text-text-2">{t('trace.none')}</p>;
  return (
    <>
      <ol className="m-0 flex list-none flex-col p-0">
        {steps.map((step, i) => (
          <Step key={`${i}:${step.model}`} step={step} last={i === steps.length - 1} />
        ))}
      </ol>
      {omitted > 0 && <p className="m-0 mt-1 ps-6 text-small text-text-3">{t('trace.omitted', { count: omitted })}</p>}
    </>
  );
}

function Step({ step, last }: { step: TraceStep; last: boolean }) {
  const { Icon, tone } = looks[step.outcome];
  return (
    <li className="grid grid-cols-[16px_minmax(0,1fr)] gap-x-2">
      <span className="flex flex-col items-center pt-0.5">
        <Icon size={16} strokeWidth={1.75} aria-hidden className={`shrink-0 ${tone}`} />
        {!last && <span aria-hidden className="my-1 w-px grow bg-border" />}
      </span>
      <div className={last ? '' : 'pb-3'}>{step.kind === 'resolve' ? <Resolved step={step} /> : <Candidate step={step} />}</div>
    </li>
  );
}

function Resolved({ step }: { step: TraceStep }) {
  return (
    <span className="flex min-w-0 flex-wrap items-center gap-1.5">
      <ModelChip model={step.model} />
      <ArrowRight size={12} strokeWidth={1.75} aria-hidden className="mirror text-text-3" />
      <Code>{step.args['name'] ?? ''}</Code>
    </span>
  );
}

function Candidate({ step }: { step: TraceStep }) {
  const { t } = useTranslation('logs');
  const format = useFormat();
  const reason = useReasons();
  const words = reason(step.code, step.args, step.why);
  const facts = [step.httpStatus > 0 && step.code !== 'upstream_status' && t('trace.http', { status: step.httpStatus }), step.firstTokenMs > 0 && t('trace.first', { time: format.duration(step.firstTokenMs) })].filter((fact) => fact !== false);
  // What the provider said itself, where our sentence is not the same already.
  const said = step.outcome === 'failed' && step.why !== '' && step.why !== words ? step.why : '';
  return (
    <div className="min-w-0">
      <div className="flex min-w-0 flex-wrap items-baseline justify-between gap-x-3">
        <span className="flex min-w-0 flex-wrap items-baseline gap-x-1.5">
          <ModelChip model={step.model} wrap />
          {step.accountName !== '' && <span className="min-w-0 text-small text-text-2">· {step.accountName}</span>}
        </span>
        {step.ms > 0 && <span className="figures shrink-0 text-small text-text-2">{format.duration(step.ms)}</span>}
      </div>
      <p className="m-0 text-small text-text-2">
        {t(`trace.${step.outcome === 'resolved' ? 'served' : step.outcome}`)}
        {words !== '' && `: ${words}`}
        {facts.length > 0 && <span className="figures"> ({facts.join(', ')})</span>}
      </p>
      {said !== '' && (
        <p dir="auto" className="m-0 mt-0.5 text-small text-text-3">
          {said}
        </p>
      )}
    </div>
  );
}
