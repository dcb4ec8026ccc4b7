import { BatteryLow, CircleCheck, CircleQuestionMark, Gauge, KeyRound, LoaderCircle, Lock, LogIn, Power, ShieldAlert, Timer, type LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { cn } from './cn';

type Tone = 'ok' | 'warn' | 'bad' | 'off';

/** The one list of what a thing that answers can be (dashboard 1.6), by the
 * codes of the gateway. */
const vocabulary = {
  ready: ['ok', CircleCheck, 'status.ready'],
  cooling: ['warn', Timer, 'status.cooling'],
  'running-out': ['warn', Gauge, 'status.runningOut'],
  'out-of-quota': ['bad', BatteryLow, 'status.outOfQuota'],
  'sign-in': ['bad', LogIn, 'status.signIn'],
  'needs-key': ['bad', KeyRound, 'status.needsKey'],
  'breaker-open': ['bad', ShieldAlert, 'status.breakerOpen'],
  probing: ['warn', LoaderCircle, 'status.probing'],
  locked: ['bad', Lock, 'status.locked'],
  off: ['off', Power, 'status.off'],
  untested: ['off', CircleQuestionMark, 'status.untested'],
} as const satisfies Record<string, readonly [Tone, LucideIcon, string]>;

export type Status = keyof typeof vocabulary;

export const statuses = Object.keys(vocabulary) as Status[];

export function isStatus(code: string): code is Status {
  return code in vocabulary;
}

const tones: Record<Tone, string> = {
  ok: 'bg-ok-soft text-ok',
  warn: 'bg-warn-soft text-warn',
  bad: 'bg-bad-soft text-bad',
  off: 'bg-off-soft text-off',
};

/** Colour, icon and word, always all three. `detail` follows the word: time
 * left, retry time. `word` replaces it where a better one is known. An unknown
 * code is shown as not tested. */
export function StatusBadge({ status, detail, word: own, className }: { status: string; detail?: ReactNode; word?: string | undefined; className?: string }) {
  const { t } = useTranslation('common');
  const [tone, Icon, word] = vocabulary[isStatus(status) ? status : 'untested'];
  return (
    <span className={cn('inline-flex max-w-full items-center gap-1.5 rounded-full px-2 py-0.5 text-small', tones[tone], className)}>
      <Icon size={14} strokeWidth={1.75} aria-hidden />
      <span className="min-w-0 truncate">
        {own ?? t(word)}
        {detail !== undefined && <span className="figures"> · {detail}</span>}
      </span>
    </span>
  );
}

/** A plain mark of the same tones for words of a page. */
export function Mark({ tone, icon: Icon, children, className }: { tone: Tone | 'accent'; icon?: LucideIcon; children: ReactNode; className?: string }) {
  const look = tone === 'accent' ? 'bg-accent-soft text-text' : tones[tone];
  return (
    <span className={cn('inline-flex max-w-full items-center gap-1.5 rounded-full px-2 py-0.5 text-small', look, className)}>
      {Icon && <Icon size={14} strokeWidth={1.75} aria-hidden />}
      <span className="min-w-0 truncate">{children}</span>
    </span>
  );
}
