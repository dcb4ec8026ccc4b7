import { useEffect, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { LanguageMenu } from '@/components/shell/language-menu';
import { Logo } from '@/components/shell/logo';
import { CopyButton } from '@/components/ui/copy-button';
import { Code } from '@/components/ui/text';
import type { ApiFault } from '@/lib/api';
import { changeLanguage } from '@/lib/i18n';
import { PasswordForm } from './password-form';

interface LockProps {
  standing: 'locked' | 'stranger' | 'silent';
  /** Why a sign-in link was not taken. */
  refusal: ApiFault | null;
  onEntered: () => void;
}

/** What someone sees who may not come in yet. */
export function Lock({ standing, refusal, onEntered }: LockProps) {
  const { t, i18n } = useTranslation('lock');
  const documentTitle = t('documentTitle');
  useEffect(() => {
    document.title = documentTitle;
  }, [documentTitle]);
  return (
    <div className="flex min-h-dvh flex-col">
      <header className="flex min-h-14 items-center gap-2.5 px-gutter">
        <Logo />
        <span className="grow font-semibold">OmniRoute</span>
        <LanguageMenu value={i18n.language} onChange={(language) => void changeLanguage(language)} />
      </header>
      <main className="mx-auto flex w-full max-w-lg grow flex-col justify-center px-gutter pb-28">
        <div className="rounded-card border border-border bg-surface p-6">
        {standing === 'locked' && (
            <Title text={t('title')}>
              <PasswordForm onEntered={onEntered} />
              <p className="m-0 mt-6 text-small text-text-2">{t('forgot')}</p>
              <Command text="omniroute reset-password" />
            </Title>
          )}
        {standing === 'stranger' && (
          <Title text={t('stranger.title')}>
            {refusal && (
              <p role="alert" className="m-0 mb-3 rounded-card bg-warn-soft px-3 py-2 text-body">
                {t('stranger.refused')} <span lang="en">{refusal.message}</span>
              </p>
            )}
            <p className="m-0 text-text-2">{t('stranger.text')}</p>
            <Command text="omniroute open" />
          </Title>
        )}
        {standing === 'silent' && (
          <Title text={t('silent.title')}>
            <p role="status" className="m-0 text-text-2">
              {t('silent.text')}
            </p>
          </Title>
        )}
        </div>
      </main>
    </div>
  );
}

/** A line to run in a terminal. */
function Command({ text }: { text: string }) {
  return (
    <div className="mt-3 flex items-center justify-between gap-2 rounded-card border border-border bg-sunken py-1.5 ps-4 pe-1.5">
      <Code>{text}</Code>
      <CopyButton text={text} size="sm" />
    </div>
  );
}

function Title({ text, children }: { text: string; children: ReactNode }) {
  return (
    <>
      <h1 className="mt-0 mb-3 text-page">{text}</h1>
      {children}
    </>
  );
}
