import { useTranslation } from 'react-i18next';
import type { ReactNode } from 'react';
import { ModelChip } from '@/components/model-chip';
import { Code } from '@/components/ui/text';
import type { Trace } from '@/lib/api';
import { agentName, useFormat } from '@/lib/format';

/** Where the time went: ours and the providers', to scale. */
export function Timing({ trace }: { trace: Trace }) {
  const { t } = useTranslation('logs');
  const format = useFormat();
  const own = trace.totalMs === 0 ? 0 : trace.ownUs / 1000 / trace.totalMs;
  return (
    <div className="flex flex-col gap-1.5">
      <div aria-hidden className="flex h-2 overflow-hidden rounded-full bg-sunken">
        <span className="min-w-0.5 bg-warn" style={{ inlineSize: `${own * 100}%` }} />
        <span className="grow bg-accent" />
      </div>
      <p className="figures m-0 flex flex-wrap justify-between gap-x-4 text-small text-text-2">
        <Legend className="bg-warn">{t('sheet.own', { time: format.duration(trace.ownUs / 1000) })}</Legend>
        <Legend className="bg-accent">{t('sheet.upstream', { time: format.duration(trace.upstreamMs) })}</Legend>
        {trace.firstTokenMs > 0 && <span>{t('sheet.first', { time: format.duration(trace.firstTokenMs) })}</span>}
      </p>
    </div>
  );
}

function Legend({ className, children }: { className: string; children: ReactNode }) {
  return (
    <span className="inline-flex items-center gap-1.5">
      <span aria-hidden className={`size-2 rounded-full ${className}`} />
      {children}
    </span>
  );
}

export function TokensAndCost({ trace }: { trace: Trace }) {
  const { t } = useTranslation(['logs', 'common']);
  const format = useFormat();
  const { tokens, cost } = trace;
  const count = (n: number) => (tokens.basis === 'estimated' ? `≈${format.count(n)}` : format.count(n));
  const part = (n: number, word: string) => (n > 0 ? ` · ${format.count(n)} ${word}` : '');
  const price = cost.basis === 'free' ? t('common:money.free') : cost.basis === 'unknown' ? t('common:money.unpriced') : format.money(cost.micros, cost.basis);
  return (
    <Facts
      rows={[
        [t('sheet.in'), `${count(tokens.input)}${part(tokens.cacheRead, t('sheet.cached'))}${part(tokens.cacheWrite, t('sheet.cacheWrite'))}`],
        [t('sheet.out'), `${count(tokens.output)}${part(tokens.reasoning, t('sheet.thinking'))}`],
        [t('sheet.cost'), price],
      ]}
    />
  );
}

const formats = ['openai-chat', 'openai-responses', 'anthropic', 'gemini', 'ollama'] as const;

/** How the request travelled and what could not travel with it. */
export function Format({ trace }: { trace: Trace }) {
  const { t } = useTranslation('logs');
  const name = (code: string) => {
    const known = formats.find((one) => one === code);
    return known ? t(`format.${known}`) : code;
  };
  return (
    <>
      <p className="m-0 text-body">{trace.road === 'native' ? t('sheet.native', { format: name(trace.formatFrom) }) : t('sheet.translated', { from: name(trace.formatFrom), to: name(trace.formatTo) })}</p>
      {trace.road === 'translated' && trace.losses.length === 0 && <p className="m-0 text-small text-text-2">{t('sheet.noLosses')}</p>}
      {trace.losses.length > 0 && (
        <>
          <p className="m-0 text-small text-text-2">{t('sheet.losses', { count: trace.losses.length })}</p>
          <ul className="m-0 mt-1 flex list-none flex-col gap-1 p-0">
            {trace.losses.map((loss, i) => (
              <li key={`${i}:${loss.path}`} className="rounded-control bg-sunken px-3 py-1.5 text-small">
                <Code className="block break-all">{loss.path}</Code>
                <span className="text-text-2">{loss.why}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

export function About({ trace }: { trace: Trace }) {
  const { t } = useTranslation('logs');
  const format = useFormat();
  return (
    <Facts
      rows={[
        [t('sheet.time'), format.full(trace.time)],
        [t('sheet.tool'), trace.agent === '' ? null : <Agent key="tool" agent={trace.agent} />],
        [t('sheet.key'), trace.apiKey === '' ? t('anonymous') : trace.apiKey],
        [t('sheet.asked'), <ModelChip key="asked" model={trace.requestedModel} />],
        [t('sheet.combo'), trace.combo === '' ? null : trace.combo],
        [t('sheet.path'), <span key="path">
            <Code>{trace.path}</Code> · {trace.stream ? t('sheet.streamed') : t('sheet.whole')}
          </span>],
        [t('sheet.policies'), trace.policies.length === 0 ? null : trace.policies.join(', ')],
      ]}
    />
  );
}

function Agent({ agent }: { agent: string }) {
  const name = agentName(agent);
  return (
    <>
      {name} {name !== agent && <Code className="text-text-3">{agent}</Code>}
    </>
  );
}

function Facts({ rows }: { rows: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="figures m-0 grid grid-cols-[minmax(6rem,max-content)_minmax(0,1fr)] gap-x-4 gap-y-1 text-body">
      {rows.map(
        ([name, value]) =>
          value !== null && (
            <div key={name} className="contents">
              <dt className="text-text-2">{name}</dt>
              <dd className="m-0 min-w-0">{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
