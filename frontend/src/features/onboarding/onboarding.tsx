import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { LanguageMenu } from '@/components/shell/language-menu';
import { Logo } from '@/components/shell/logo';
import { usePreferences } from '@/components/shell/preferences';
import { useHeading } from '@/components/page';
import { cn } from '@/components/ui/cn';
import { Code } from '@/components/ui/text';
import { useLink, useVerb } from '@/lib/query';
import { useParams } from '@/lib/router';
import { AccountsStep } from './parts/accounts';
import { ComboStep } from './parts/combo';
import { TryStep } from './parts/try';
import { Welcome } from './parts/welcome';
import { stepOf, steps, useMoves, type Step } from './steps';

const bodies = { welcome: Welcome, accounts: AccountsStep, combo: ComboStep, try: TryStep } as const;

/** First run, in four steps. The gateway runs already; every step can be
 * skipped, and it ends with a real answer. */
export function Onboarding() {
  const { t } = useTranslation('onboarding');
  const step = stepOf(useParams()['step']);
  const preferences = usePreferences();
  const moves = useMoves(step);
  const heading = useRef<HTMLHeadingElement>(null);
  const arrived = useRef(step);
  useHeading(t(`name.${step}`));
  useEffect(() => {
    if (arrived.current === step) return;
    arrived.current = step;
    heading.current?.focus();
  }, [step]);
  const Body = bodies[step];
  return (
    <div className="mx-auto flex min-h-dvh w-full max-w-form flex-col px-gutter">
      <header className="flex min-h-14 items-center gap-2.5 font-semibold">
        <Logo />
        <span className="grow">OmniRoute</span>
        <LanguageMenu value={preferences.language} onChange={preferences.chooseLanguage} />
      </header>
      <Progress step={step} />
      <div className="flex grow flex-col py-6 sm:py-12">
        <h1 ref={heading} tabIndex={-1} className="m-0 text-figure">
          {t(`${step}.title`)}
        </h1>
        <p className="mt-2 mb-6 max-w-[56ch] text-text-2">{t(`${step}.text`)}</p>
        <Body key={step} moves={moves} />
      </div>
      <ReadyLine />
    </div>
  );
}

function Progress({ step }: { step: Step }) {
  const { t } = useTranslation('onboarding');
  const at = steps.indexOf(step);
  return (
    <nav aria-label={t('steps')} className="flex flex-wrap items-center gap-x-4 gap-y-2 pt-2">
      <ol className="m-0 flex grow list-none gap-1.5 p-0">
        {steps.map((one, index) => (
          <li key={one} aria-current={one === step ? 'step' : undefined} className={cn('h-1 grow rounded-full', index <= at ? 'bg-accent' : 'bg-border')}>
            <span className="sr-only">{t(`name.${one}`)}</span>
          </li>
        ))}
      </ol>
      <p className="m-0 text-small text-text-2">
        {t('step', { n: String(at + 1), of: String(steps.length) })} · {t(`name.${step}`)}
      </p>
    </nav>
  );
}

/** The gateway works before anything is set up, and says so. */
function ReadyLine() {
  const { t } = useTranslation('onboarding');
  const { data } = useVerb('System.Status');
  const link = useLink();
  return (
    <footer className="flex min-h-12 flex-wrap items-center gap-x-2 border-t border-border py-3 text-small text-text-2">
      {data !== undefined && link !== 'lost' && (
        <>
          <span aria-hidden className="size-2.5 rounded-full bg-ok" />
          {t('ready')}
          <Code className="min-w-0">{data.endpoint}</Code>
        </>
      )}
    </footer>
  );
}
