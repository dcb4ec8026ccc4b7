import i18next from 'i18next';
import { Copy, Globe, Keyboard, KeyRound, Layers, Pause, Play, Plug, Settings, SunMoon, type LucideIcon } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { languages } from '@/lib/i18n';
import { useVerb } from '@/lib/query';
import { navigate } from '@/lib/router';
import { themes } from '@/lib/theme';
import { hrefOf, type NavPage } from './nav';
import { usePreferences } from './preferences';
import { useGateway } from './use-gateway';

export interface PaletteEntry {
  id: string;
  label: string;
  /** Further words it is found by: English, older names. */
  keywords: string[];
  icon: LucideIcon;
  hint?: string;
  run: () => void;
}

export interface PaletteGroup {
  heading: string;
  entries: PaletteEntry[];
}

/** Names that older documents use for a page. */
const formerNames: Record<string, string[]> = { home: ['Endpoint', 'Dashboard'], keys: ['API Manager'], logs: ['Requests', 'Usage'], settings: ['System & Storage', 'Preferences'] };

const sections = ['general', 'appearance', 'security'] as const;

/** English words beside the current ones, loaded when the palette is opened. */
function useEnglish(): (key: string) => string[] {
  const [ready, setReady] = useState(i18next.hasLoadedNamespace('shell', { lng: 'en' }));
  useEffect(() => {
    if (!ready) void i18next.loadLanguages('en').then(() => setReady(true));
  }, [ready]);
  return (key) => (ready ? [String(i18next.getFixedT('en', 'shell')(key as never))] : []);
}

export function usePaletteEntries(pages: readonly NavPage[], onHelp: () => void): PaletteGroup[] {
  const { t } = useTranslation('shell');
  const english = useEnglish();
  const preferences = usePreferences();
  const gateway = useGateway(true);
  const accounts = useVerb('Providers.List').data?.connections ?? [];
  const keys = useVerb('Keys.List').data?.keys ?? [];
  const groups: PaletteGroup[] = [
    {
      heading: t('palette.pages'),
      entries: [
        ...pages.map((page) => ({
          id: `page ${page.id}`,
          label: t(page.title),
          keywords: [...english(page.title), ...(formerNames[page.id] ?? [])],
          icon: page.nav?.icon ?? Plug,
          ...(page.key === undefined || !page.nav ? {} : { hint: `g ${page.key}` }),
          run: () => navigate(hrefOf(page).slice(1)),
        })),
        ...sections.map((section) => ({
          id: `settings ${section}`,
          label: t(`palette.settings.${section}`),
          keywords: english(`palette.settings.${section}`),
          icon: Settings,
          run: () => navigate(`/settings/${section}`),
        })),
      ],
    },
    {
      heading: t('palette.actions'),
      entries: [
        { id: 'copy endpoint', label: t('gateway.copy'), keywords: english('gateway.copy'), icon: Copy, run: gateway.copy },
        gateway.state === 'paused'
          ? { id: 'resume', label: t('gateway.resume'), keywords: english('gateway.resume'), icon: Play, run: gateway.resume }
          : { id: 'pause', label: t('gateway.pause'), keywords: english('gateway.pause'), icon: Pause, run: () => gateway.pause(0) },
        ...gateway.combos
          .filter((combo) => !combo.isActive)
          .map((combo) => ({ id: `switch ${combo.id}`, label: t('palette.switch', { name: combo.name }), keywords: [combo.name, 'switch combo'], icon: Layers, run: () => gateway.activate(combo.id) })),
        ...themes.map((theme) => ({ id: `theme ${theme}`, label: t('palette.theme', { theme: t(`theme.${theme}`) }), keywords: ['theme', theme], icon: SunMoon, run: () => preferences.chooseTheme(theme) })),
        ...languages.map((language) => ({ id: `language ${language.code}`, label: t('palette.language', { language: language.name }), keywords: ['language', language.code], icon: Globe, run: () => preferences.chooseLanguage(language.code) })),
        { id: 'keyboard', label: t('me.keyboard'), keywords: english('me.keyboard'), icon: Keyboard, hint: '?', run: onHelp },
      ],
    },
  ];
  const has = (id: string) => pages.some((page) => page.id === id);
  if (has('providers') && accounts.length > 0) {
    groups.push({ heading: t('page.providers'), entries: accounts.map((account) => ({ id: `account ${account.id}`, label: account.name, keywords: [account.provider], icon: Plug, run: () => navigate(`/providers/${encodeURIComponent(account.provider)}`) })) });
  }
  if (has('combos') && gateway.combos.length > 0) {
    groups.push({ heading: t('page.combos'), entries: gateway.combos.map((combo) => ({ id: `combo ${combo.id}`, label: combo.name, keywords: [], icon: Layers, run: () => navigate(`/combos/${encodeURIComponent(combo.id)}`) })) });
  }
  if (has('keys') && keys.length > 0) {
    groups.push({ heading: t('page.keys'), entries: keys.map((key) => ({ id: `key ${key.id}`, label: key.name, keywords: [], icon: KeyRound, run: () => navigate('/keys') })) });
  }
  return groups;
}
