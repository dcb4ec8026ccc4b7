import { CircleCheck, CircleDashed, CircleX, type LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { useTroubleWords } from '@/components/ui/states';
import type { KeyCheck } from '@/lib/api';
import { useFormat } from '@/lib/format';
import type { TrialState } from './trial';

interface ChecksProps {
  state: TrialState;
  /** The address that is tried, as entered, for the sentences. */
  address: string;
  /** No key was entered because none is needed. */
  keyless?: boolean;
  /** The key looks like another provider's: go there. */
  onSwitch?: ((provider: string) => void) | undefined;
  onAgain: () => void;
}

/** What a test found, line by line. */
export function Checks({ state, address, keyless = false, onSwitch, onAgain }: ChecksProps) {
  const { t } = useTranslation('connect');
  const words = useTroubleWords();
  const format = useFormat();
  if (state.phase === 'idle') return null;
  return (
    <div role="status" aria-label={t('checks.label')} className="flex flex-col gap-1 rounded-card bg-sunken px-3 py-2 text-body">
      {state.phase === 'checking' && (
        <Line icon={CircleDashed} tone="text-text-3">
          {t('checks.running')}
        </Line>
      )}
      {state.phase === 'fault' && (
        <Line icon={CircleX} tone="text-bad">
          {words(state.fault)}
          <Original text={state.fault.message} />
        </Line>
      )}
      {state.phase === 'done' &&
        state.report.checks.map((check) => (
          <Line key={check.code} icon={check.ok ? CircleCheck : CircleX} tone={check.ok ? 'text-ok' : 'text-bad'}>
            <Outcome check={check} host={hostOf(state.report.baseUrl || address)} keyless={keyless} ms={format.duration(state.report.ms)} />
            {!check.ok && check.why !== 'wrong_provider' && <Original text={state.report.message} />}
            {check.why === 'wrong_provider' && onSwitch && check.args['provider'] !== undefined && (
              <Button size="sm" className="mt-1 self-start" onClick={() => onSwitch(check.args['provider'] ?? '')}>
                {t('key.use', { provider: check.args['name'] ?? check.args['provider'] })}
              </Button>
            )}
          </Line>
        ))}
      {(state.phase === 'fault' || (state.phase === 'done' && !state.report.valid)) && (
        <Button look="link" size="sm" className="ms-6 self-start px-0" onClick={onAgain}>
          {t('checks.again')}
        </Button>
      )}
    </div>
  );
}

function Outcome({ check, host, keyless, ms }: { check: KeyCheck; host: string; keyless: boolean; ms: string }) {
  const { t } = useTranslation('connect');
  if (!check.ok) {
    const { why } = check;
    return <span>{why === 'ok' ? t('why.unknown') : t(`why.${why}`, { host, name: check.args['name'] ?? '' })}</span>;
  }
  const name = check.code === 'accepted' && keyless ? t('checks.acceptedNone') : t(`checks.${check.code}`);
  const detail = check.code === 'reachable' ? ms : check.code === 'models' ? t('checks.count', { count: Number(check.args['count'] ?? 0) }) : check.code === 'call' ? t('checks.answered') : '';
  return (
    <span>
      {name}
      {detail !== '' && <span className="figures text-text-2"> · {detail}</span>}
    </span>
  );
}

/** The gateway's own sentence, which is English and may quote the provider. */
function Original({ text }: { text: string }) {
  if (text === '') return null;
  return (
    <span lang="en" dir="ltr" className="text-small text-text-2">
      {text}
    </span>
  );
}

function Line({ icon: Icon, tone, children }: { icon: LucideIcon; tone: string; children: ReactNode }) {
  return (
    <p className="m-0 flex items-start gap-2">
      <Icon size={16} strokeWidth={1.75} aria-hidden className={`mt-0.5 ${tone}`} />
      <span className="flex min-w-0 flex-col">{children}</span>
    </p>
  );
}

/** The host of an address, or the text itself while it is none. */
export function hostOf(address: string): string {
  try {
    return new URL(address).host;
  } catch {
    return address;
  }
}
