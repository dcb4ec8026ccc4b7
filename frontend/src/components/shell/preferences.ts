import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { changeLanguage, isLanguage } from '@/lib/i18n';
import { useAct, useVerb } from '@/lib/query';
import { isDensity, isTheme, setDensity, setTheme, useDensity, useTheme, type Density, type Theme } from '@/lib/theme';

export interface Preferences {
  theme: Theme;
  density: Density;
  language: string;
  chooseTheme: (theme: Theme) => void;
  chooseDensity: (density: Density) => void;
  chooseLanguage: (language: string) => void;
}

/** Theme, density and language as they are on screen, and how to change them:
 * here at once, in the settings a moment later. */
export function usePreferences(): Preferences {
  const theme = useTheme();
  const density = useDensity();
  const { i18n } = useTranslation();
  const { mutate } = useAct('Settings.Update');
  return {
    theme,
    density,
    language: i18n.language,
    chooseTheme: (next) => {
      setTheme(next);
      mutate({ theme: next });
    },
    chooseDensity: (next) => {
      setDensity(next);
      mutate({ density: next });
    },
    chooseLanguage: (next) => {
      void changeLanguage(next);
      if (isLanguage(next)) mutate({ language: next });
    },
  };
}

/** Follows what the settings say, also when another window changed them. */
export function useFollowSettings(): { singleKeys: boolean; locked: boolean } {
  const { data } = useVerb('Settings.Get');
  const theme = data?.theme;
  const density = data?.density;
  const language = data?.language;
  useEffect(() => {
    if (theme !== undefined && isTheme(theme)) setTheme(theme);
  }, [theme]);
  useEffect(() => {
    if (density !== undefined && isDensity(density)) setDensity(density);
  }, [density]);
  useEffect(() => {
    if (isLanguage(language)) void changeLanguage(language);
  }, [language]);
  return { singleKeys: data?.singleKeyShortcuts ?? true, locked: data?.hasPassword ?? false };
}
