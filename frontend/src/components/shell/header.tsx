import { ArrowLeft, CircleUserRound, Menu as Burger } from 'lucide-react';
import type { RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { IconButton } from '@/components/ui/button';
import { Menu, MenuChoice, MenuChoiceItem, MenuLabel } from '@/components/ui/menu';
import { Tooltip } from '@/components/ui/tooltip';
import { themes, isTheme } from '@/lib/theme';
import { LanguageMenu } from './language-menu';
import { usePreferences } from './preferences';

interface HeaderProps {
  title: string;
  back: string | undefined;
  heading: RefObject<HTMLHeadingElement | null>;
  /** Opens the drawer; only where there is no sidebar. */
  onMenu: (() => void) | undefined;
}

export function Header({ title, back, heading, onMenu }: HeaderProps) {
  const { t } = useTranslation(['shell', 'common']);
  const preferences = usePreferences();
  return (
    <header className="sticky top-0 z-shell flex min-h-14 items-center gap-2 border-b border-border bg-bg px-gutter">
      {onMenu && <IconButton label={t('nav.open')} icon={<Burger size={20} strokeWidth={1.75} aria-hidden />} onClick={onMenu} className="-ms-2" />}
      {back !== undefined && (
        <Tooltip text={t('common:back')}>
          <a href={back} aria-label={t('common:back')} className="-ms-2 inline-grid min-h-control w-control place-items-center rounded-control text-text-2 hover:bg-hover hover:text-text">
            <ArrowLeft size={16} strokeWidth={1.75} aria-hidden className="mirror" />
          </a>
        </Tooltip>
      )}
      <h1 ref={heading} tabIndex={-1} className="m-0 min-w-0 grow truncate text-page">
        {title}
      </h1>
      <LanguageMenu value={preferences.language} onChange={preferences.chooseLanguage} />
      <Menu label={t('me.label')} trigger={<IconButton label={t('me.label')} icon={<CircleUserRound size={16} strokeWidth={1.75} aria-hidden />} />}>
        <MenuLabel>{t('me.theme')}</MenuLabel>
        <MenuChoice label={t('me.theme')} value={preferences.theme} onChange={(value) => isTheme(value) && preferences.chooseTheme(value)}>
          {themes.map((theme) => (
            <MenuChoiceItem key={theme} value={theme} keepOpen>
              {t(`theme.${theme}`)}
            </MenuChoiceItem>
          ))}
        </MenuChoice>
      </Menu>
    </header>
  );
}
