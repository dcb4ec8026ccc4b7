import { useTranslation } from 'react-i18next';
import { usePreferences } from '@/components/shell/preferences';
import { Select, ToggleGroup } from '@/components/ui/choice';
import { languages, pick } from '@/lib/i18n';
import { densities, themes } from '@/lib/theme';
import { Group, Row } from './group';
import { useSettings } from './use-setting';

/** How the dashboard looks; every choice counts at once. */
export function AppearanceSection() {
  const { t } = useTranslation(['settings', 'shell']);
  const { theme, density, chooseTheme, chooseDensity, chooseLanguage } = usePreferences();
  const { settings, change } = useSettings();
  const system = languages.find((one) => one.code === pick(navigator.languages))?.name ?? '';
  const choose = (code: string) => {
    if (code === 'system') change('language', '');
    else chooseLanguage(code);
  };
  return (
    <Group title={t('appearance.title')}>
      <Row label={t('shell:language')}>
        <Select
          value={settings?.language === undefined || settings.language === '' ? 'system' : settings.language}
          onChange={choose}
          options={[{ value: 'system', label: t('appearance.system', { language: system }) }, ...languages.map((one) => ({ value: one.code as string, label: one.name }))]}
        />
      </Row>
      <Row label={t('shell:me.theme')} words={['dark', 'light']}>
        <ToggleGroup label={t('shell:me.theme')} value={theme} onChange={chooseTheme} options={themes.map((value) => ({ value, label: t(`shell:theme.${value}`) }))} />
      </Row>
      <Row label={t('shell:me.density')} help={t('appearance.densityHelp')}>
        <ToggleGroup label={t('shell:me.density')} value={density} onChange={chooseDensity} options={densities.map((value) => ({ value, label: t(`shell:density.${value}`) }))} />
      </Row>
    </Group>
  );
}
