import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat, type Format } from '@/lib/format';
import { hasWords } from '@/lib/i18n';

/** Values of a reason as Go sends them: times RFC 3339, ms and numbers as
 * digits, everything else text. */
export type ReasonArgs = Readonly<Record<string, string>>;

type Words = (code: string, args?: ReasonArgs | null, fallback?: string) => string;

/** A moment ahead: the clock when it is today, else with the day. */
function moment(format: Format, at: string): string {
  const then = new Date(at);
  return then.toDateString() === new Date().toDateString() ? format.clock(then) : format.when(then);
}

/** Writes the values the way the language does. `in` is the time left until
 * `until`. Exported for its test. */
export function reasonValues(format: Format, args: ReasonArgs, now: number = Date.now()): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(args)) {
    if (name === 'until' || name === 'time') {
      out[name] = moment(format, value);
      out['in'] = format.duration(Math.max(1_000, new Date(value).getTime() - now));
    } else if (name === 'ms') out[name] = format.duration(Number(value));
    else if (name === 'n') out[name] = format.count(Number(value));
    else out[name] = value;
  }
  return out;
}

/** The sentence for a reason code in the person's language. A code this build
 * does not know falls back to the gateway's own English. */
export function useReasons(): Words {
  const { t } = useTranslation('reasons');
  const format = useFormat();
  return useMemo(
    () =>
      (code, args, fallback = '') =>
        code !== '' && hasWords('reasons', code) ? (t as (key: string, values: Record<string, string>) => string)(code, reasonValues(format, args ?? {})) : fallback,
    [t, format],
  );
}
