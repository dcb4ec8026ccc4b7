import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { usePreferences } from '@/components/shell/preferences';
import { Button } from '@/components/ui/button';
import { ToggleGroup } from '@/components/ui/choice';
import { languages } from '@/lib/i18n';
import { themes } from '@/lib/theme';
import type { Moves } from '../steps';
import { StepFooter } from './step-footer';

/** Language and look, and nothing that has to be known. */
export function Welcome({ moves }: { moves: Moves }) {
  const { t } = useTranslation(['onboarding', 'shell']);
  const preferences = usePreferences();
  return (
    <>
      <div className="flex flex-col gap-6">
        <Row label={t('welcome.language')}>
          <ToggleGroup label={t('welcome.language')} value={preferences.language} onChange={preferences.chooseLanguage} options={languages.map(({ code, name }) => ({ value: code as string, label: name }))} />
        </Row>
        <Row label={t('welcome.theme')}>
          <ToggleGroup label={t('welcome.theme')} value={preferences.theme} onChange={preferences.chooseTheme} options={themes.map((theme) => ({ value: theme, label: t(`shell:theme.${theme}`) }))} />
        </Row>
      </div>
      <StepFooter moves={moves}>
        <Button look="ghost" onClick={() => void moves.finish()}>
          {t('skipAll')}
        </Button>
        <Button look="primary" onClick={moves.next}>
          {t('welcome.start')}
        </Button>
      </StepFooter>
    </>
  );
}

function Row({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="flex flex-col items-start gap-1.5">
      <span aria-hidden className="font-medium">
        {label}
      </span>
      {children}
    </div>
  );
}
