import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { changeLanguage, isLanguage } from '@/lib/i18n';
import { useAct, useVerb } from '@/lib/query';
import { isTheme, setTheme, useTheme, type Theme } from '@/lib/theme';

export interface Preferences {
  theme: Theme;
  language: string;
  chooseTheme: (theme: Theme) => void;
  chooseLanguage: (language: string) => void;
}

/** Theme and language as they are on screen, and how to change them: here at
 * once, in the settings a moment later. */
export function usePreferences(): Preferences {
  const theme = useTheme();
  const { i18n } = useTranslation();
  const { mutate } = useAct('Settings.Update');
  return {
    theme,
    language: i18n.language,
    chooseTheme: (next) => {
      setTheme(next);
      mutate({ theme: next });
    },
    chooseLanguage: (next) => {
      void changeLanguage(next);
      if (isLanguage(next)) mutate({ language: next });
    },
  };
}

/** Follows what the settings say, also when another window changed them. */
export function useFollowSettings(): void {
  const { data } = useVerb('Settings.Get');
  const theme = data?.theme;
  const language = data?.language;
  useEffect(() => {
    if (theme !== undefined && isTheme(theme)) setTheme(theme);
  }, [theme]);
  useEffect(() => {
    if (isLanguage(language)) void changeLanguage(language);
  }, [language]);
}
