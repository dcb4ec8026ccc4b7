import { useTranslation } from 'react-i18next';
import type { Trace, TraceReason } from '@/lib/api';
import { useFormat } from '@/lib/format';
import { hasWords } from '@/lib/i18n';
import { reasonValues, useReasons } from './reasons';

type Clause = (key: string, values: Record<string, string>) => string;

/** Why it went where it went, as one sentence: who answered, and the first two
 * reasons that kept better ones from it. A second sentence follows only for
 * what has no subject (the request was refused as a whole). */
export function useSummary(): (trace: Pick<Trace, 'summary' | 'requestedModel'>) => string[] {
  const { t } = useTranslation('logs');
  const format = useFormat();
  const reason = useReasons();
  const who = (of: { provider: string; account: string; model: string }) => {
    const name = of.provider === '' ? of.model : of.provider;
    return of.account === '' ? name : t('summary.who', { provider: name, account: of.account });
  };
  const clause = (of: TraceReason) => (hasWords('logs', `clause.${of.code}`) ? (t as Clause)(`clause.${of.code}`, { who: who(of), ...reasonValues(format, of.args) }) : undefined);
  return ({ summary, requestedModel }) => {
    const [a, b] = summary.because.map(clause).filter((words) => words !== undefined);
    if (summary.outcome === 'served') {
      const server = who(summary);
      if (a === undefined) return [t('summary.served', { who: server })];
      return [b === undefined ? t('summary.servedBut', { who: server, a }) : t('summary.servedButBoth', { who: server, a, b })];
    }
    if (summary.outcome === 'failed') {
      if (a === undefined) return [t('summary.failed')];
      return [b === undefined ? t('summary.failedAs', { a }) : t('summary.failedAsBoth', { a, b })];
    }
    if (summary.outcome === 'interrupted') return [t('summary.interrupted')];
    const [why] = summary.because;
    if (why?.code === 'model_unknown') return [t('summary.unknown', { model: requestedModel })];
    const words = why === undefined ? '' : reason(why.code, why.args);
    return [t('summary.refused'), ...(words === '' ? [] : [words])];
  };
}
