import { CircleCheck, CircleX, Send } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { RouteTrace } from '@/components/route-trace';
import { useSummary } from '@/components/summary';
import { Button } from '@/components/ui/button';
import { CopyButton } from '@/components/ui/copy-button';
import { useTroubleWords } from '@/components/ui/states';
import type { TestAnswer } from '@/lib/api';
import { useFormat } from '@/lib/format';
import { useAct, useVerb } from '@/lib/query';
import type { Moves } from '../steps';
import { StepFooter } from './step-footer';

/** The address for the tools, and a real request through it. */
export function TryStep({ moves }: { moves: Moves }) {
  const { t } = useTranslation('onboarding');
  const { data: status } = useVerb('System.Status');
  const { data: settings } = useVerb('Settings.Get');
  const test = useAct('Overview.SendTest');
  const words = useTroubleWords();
  const endpoint = status?.endpoint ?? '';
  const model = status === undefined || status.activeCombo === '' ? 'demo/simulated' : 'auto';
  const curl = command(endpoint, model, settings?.requireApiKey === true);
  const answered = test.data?.ok === true;
  return (
    <>
      <div className="flex flex-col gap-5">
        <Copied label={t('try.endpoint')} text={endpoint} copy={t('try.copyEndpoint')} />
        <Copied label={t('try.curl')} text={curl} copy={t('try.copyCurl')} />
        {settings?.requireApiKey === true && <p className="m-0 text-small text-text-2">{t('try.needsKey')}</p>}
        <div role="status">
          {test.data && <Answer answer={test.data} />}
          {test.error && <p className="m-0 text-bad">{words(test.error)}</p>}
        </div>
      </div>
      <StepFooter moves={moves} skip={answered ? undefined : () => void moves.finish()}>
        <Button look={answered ? 'secondary' : 'primary'} loading={test.isPending} onClick={() => test.mutate({})}>
          <Send size={16} strokeWidth={1.75} aria-hidden className="mirror" />
          {test.data ? t('try.again') : t('try.send')}
        </Button>
        {answered && (
          <Button look="primary" onClick={() => void moves.finish()}>
            {t('try.open')}
          </Button>
        )}
      </StepFooter>
    </>
  );
}

/** What a terminal says to ask the same. Exported for its test. */
export function command(endpoint: string, model: string, needsKey: boolean): string {
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] });
  const lines = [`curl ${endpoint}/chat/completions`, `-H 'Content-Type: application/json'`, ...(needsKey ? [`-H "Authorization: Bearer $OMNIROUTE_KEY"`] : []), `-d '${body}'`];
  return lines.join(' \\\n  ');
}

function Copied({ label, text, copy }: { label: string; text: string; copy: string }) {
  return (
    <div className="flex min-w-0 flex-col gap-1.5">
      <span className="font-medium">{label}</span>
      <div className="flex min-w-0 items-start gap-2 rounded-card bg-sunken py-1.5 ps-3 pe-1.5">
        <pre dir="ltr" className="code m-0 min-w-0 grow self-center whitespace-pre-wrap">
          {text}
        </pre>
        <CopyButton iconOnly text={text} label={copy} />
      </div>
    </div>
  );
}

function Answer({ answer }: { answer: TestAnswer }) {
  const { t } = useTranslation('onboarding');
  const format = useFormat();
  const words = useTroubleWords();
  return (
    <section className="rounded-card border border-border bg-surface p-card">
      {answer.ok ? (
        <>
          <Line icon={<CircleCheck size={16} strokeWidth={1.75} aria-hidden className="mt-0.5 text-ok" />}>
            {t('try.answered', { model: answer.answeredBy, time: format.duration(answer.ms) })}
          </Line>
          <blockquote className="mx-0 mt-2 mb-0 rounded-control bg-sunken px-3 py-2 whitespace-pre-wrap">{answer.text.trim()}</blockquote>
          {answer.answeredBy.startsWith('demo/') && <p className="mx-0 mt-2 mb-0 text-small text-text-2">{t('try.simulated')}</p>}
        </>
      ) : (
        <Line icon={<CircleX size={16} strokeWidth={1.75} aria-hidden className="mt-0.5 text-bad" />}>
          {t('try.failed')} {words({ kind: answer.kind, message: answer.error })}
        </Line>
      )}
      {answer.requestId !== '' && <Route id={answer.requestId} />}
    </section>
  );
}

function Line({ icon, children }: { icon: ReactNode; children: ReactNode }) {
  return (
    <p className="m-0 flex items-start gap-2">
      {icon}
      <span className="min-w-0">{children}</span>
    </p>
  );
}

/** The way this request took, in one sentence and step by step. */
function Route({ id }: { id: string }) {
  const { t } = useTranslation('onboarding');
  const summary = useSummary();
  const { data } = useVerb('Logs.Trace', { id });
  if (!data) return null;
  return (
    <>
      <h2 className="mx-0 mt-4 mb-1 text-body font-medium">{t('try.route')}</h2>
      <p className="mx-0 mt-0 mb-2 text-text-2">{summary(data).join(' ')}</p>
      <RouteTrace steps={data.steps} omitted={data.omitted} />
    </>
  );
}
