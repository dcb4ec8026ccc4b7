import { useTranslation } from 'react-i18next';
import { usePreferences } from '@/components/shell/preferences';
import { Card } from '@/components/ui/card';
import { Select, ToggleGroup } from '@/components/ui/choice';
import { Field } from '@/components/ui/field';
import { languages } from '@/lib/i18n';
import { themes } from '@/lib/theme';

/** How the dashboard looks; every choice counts at once. */
export function Appearance() {
  const { t } = useTranslation(['settings', 'shell']);
  const { theme, language, chooseTheme, chooseLanguage } = usePreferences();
  return (
    <Card title={t('appearance.title')} className="max-w-form">
      <div className="divide-y divide-border">
        <Field label={t('shell:language')} layout="row">
          <Select value={language} onChange={chooseLanguage} options={languages.map((one) => ({ value: one.code as string, label: one.name }))} />
        </Field>
        <Field label={t('shell:me.theme')} layout="row">
          <ToggleGroup label={t('shell:me.theme')} value={theme} onChange={chooseTheme} options={themes.map((value) => ({ value, label: t(`shell:theme.${value}`) }))} />
        </Field>
      </div>
    </Card>
  );
}
