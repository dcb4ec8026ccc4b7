import { ArrowDown, ArrowUp } from 'lucide-react';
import { useCallback, type KeyboardEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { RouteTrace } from '@/components/route-trace';
import { useSummary } from '@/components/summary';
import { IconButton } from '@/components/ui/button';
import { CopyButton } from '@/components/ui/copy-button';
import { Sheet } from '@/components/ui/overlay';
import { ErrorState, Skeleton } from '@/components/ui/states';
import { Code } from '@/components/ui/text';
import { call, type Trace, type TraceStep } from '@/lib/api';
import { useFormat } from '@/lib/format';
import { useVerb } from '@/lib/query';
import { curlOf } from '../curl';
import { About, Format, Timing, TokensAndCost } from './facts';

interface RequestSheetProps {
  id: string;
  onClose: () => void;
  onNewer: (() => void) | undefined;
  onOlder: (() => void) | undefined;
}

/** One request beside the list: the sentence first, then the way it took. */
export function RequestSheet({ id, onClose, onNewer, onOlder }: RequestSheetProps) {
  const { t } = useTranslation('logs');
  const { data, error, refetch } = useVerb('Logs.Trace', { id }, { keep: true });
  const walk = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const go = event.key === 'ArrowUp' || event.key === 'k' ? onNewer : event.key === 'ArrowDown' || event.key === 'j' ? onOlder : undefined;
    if (!go) return;
    event.preventDefault();
    go();
  };
  // No button opened it; the row it shows takes the focus back.
  const home = useCallback(
    (event: Event) => {
      const row = [...document.querySelectorAll<HTMLElement>('[data-row]')].find((one) => one.dataset['row'] === id);
      if (!row) return;
      event.preventDefault();
      row.focus();
    },
    [id],
  );
  return (
    <Sheet
      open
      onOpenChange={onClose}
      onKeyDown={walk}
      onCloseAutoFocus={home}
      title={t('sheet.title')}
      text={
        <Code title={id} className="text-text-3">
          {id.length > 18 ? `${id.slice(0, 8)}…${id.slice(-6)}` : id}
        </Code>
      }
      actions={
        <>
          <IconButton label={t('sheet.previous')} icon={<ArrowUp size={16} strokeWidth={1.75} aria-hidden />} onClick={onNewer} aria-disabled={onNewer === undefined || undefined} />
          <IconButton label={t('sheet.next')} icon={<ArrowDown size={16} strokeWidth={1.75} aria-hidden />} onClick={onOlder} aria-disabled={onOlder === undefined || undefined} />
        </>
      }
      footer={data && <Footer trace={data} />}
    >
      {error && (error.kind === 'not_found' ? <p className="m-0 text-body text-text-2">{t('sheet.gone')}</p> : <ErrorState error={error} onRetry={() => void refetch()} />)}
      {data === undefined && !error && <Skeleton lines={6} />}
      {data && !error && <Body trace={data} />}
    </Sheet>
  );
}

/** Without a call to a provider there is no time to share out. */
const wasAsked = (step: TraceStep) => step.outcome === 'served' || step.outcome === 'failed';

function Body({ trace }: { trace: Trace }) {
  const { t } = useTranslation('logs');
  const summary = useSummary();
  const format = useFormat();
  return (
    <div className="flex flex-col gap-5">
      <div className="flex flex-col gap-0.5" role="status">
        {summary(trace).map((sentence, i) => (
          <p key={i} className={i === 0 ? 'm-0 text-card font-semibold' : 'm-0 text-body text-text-2'}>
            {sentence}
          </p>
        ))}
      </div>
      {trace.kind !== '' && trace.error !== '' && (
        <Section title={t('sheet.error')}>
          <p dir="auto" className="m-0 rounded-control bg-bad-soft px-3 py-2 text-body text-text">
            {trace.error}
          </p>
        </Section>
      )}
      <Section title={t('sheet.route')}>
        <RouteTrace steps={trace.steps} omitted={trace.omitted} />
      </Section>
      {trace.steps.some(wasAsked) && (
        <Section title={t('sheet.timing')} aside={t('sheet.total', { time: format.duration(trace.totalMs) })}>
          <Timing trace={trace} />
        </Section>
      )}
      {trace.answeredBy !== '' && (
        <Section title={t('sheet.tokens')}>
          <TokensAndCost trace={trace} />
        </Section>
      )}
      {trace.road !== 'none' && (
        <Section title={t('sheet.format')}>
          <Format trace={trace} />
        </Section>
      )}
      <Section title={t('sheet.about')}>
        <About trace={trace} />
      </Section>
    </div>
  );
}

function Section({ title, aside, children }: { title: string; aside?: string; children: ReactNode }) {
  return (
    <section className="min-w-0">
      <div className="mb-1.5 flex items-baseline justify-between gap-3 text-small text-text-2">
        <h3 className="m-0 text-small">{title}</h3>
        {aside !== undefined && <span className="figures">{aside}</span>}
      </div>
      {children}
    </section>
  );
}

function Footer({ trace }: { trace: Trace }) {
  const { t } = useTranslation('logs');
  const curl = async () => {
    const { endpoint } = await call('System.Status');
    return curlOf(trace, endpoint);
  };
  return (
    <>
      <CopyButton label={t('sheet.copyCurl')} text={curl} title={t('sheet.curlHint')} />
      <CopyButton look="ghost" label={t('sheet.copyId')} text={trace.id} />
    </>
  );
}
