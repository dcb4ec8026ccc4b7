import { ArrowLeft, CircleUserRound, Keyboard, Lock, Menu as Burger, Search } from 'lucide-react';
import type { RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { Button, IconButton } from '@/components/ui/button';
import { Menu, MenuChoice, MenuChoiceItem, MenuItem, MenuLabel, MenuLine } from '@/components/ui/menu';
import { Kbd } from '@/components/ui/text';
import { Tooltip } from '@/components/ui/tooltip';
import { phone, useMedia } from '@/lib/media';
import { isApple } from '@/lib/platform';
import { densities, isDensity, isTheme, themes } from '@/lib/theme';
import { Bell } from './bell';
import { LanguageChoice, LanguageMenu } from './language-menu';
import { usePreferences } from './preferences';

interface HeaderProps {
  title: string;
  back: string | undefined;
  heading: RefObject<HTMLHeadingElement | null>;
  /** Opens the drawer; only where there is no sidebar. */
  onMenu: (() => void) | undefined;
  onPalette: () => void;
  onHelp: () => void;
  /** Only where a password exists. */
  onLock: (() => void) | undefined;
}

export function Header({ title, back, heading, onMenu, onPalette, onHelp, onLock }: HeaderProps) {
  const { t } = useTranslation(['shell', 'common']);
  const small = useMedia(phone);
  const tiny = useMedia('(max-width: 479px)');
  const preferences = usePreferences();
  const search = <Search size={16} strokeWidth={1.75} aria-hidden />;
  return (
    <header className="sticky top-0 z-shell flex min-h-14 items-center gap-1 border-b border-border bg-bg px-gutter">
      {onMenu && !(tiny && back !== undefined) && <IconButton label={t('nav.open')} icon={<Burger size={20} strokeWidth={1.75} aria-hidden />} onClick={onMenu} className="-ms-2" />}
      {back !== undefined && (
        <Tooltip text={t('common:back')}>
          <a href={back} aria-label={t('common:back')} className="-ms-2 inline-grid min-h-control w-control place-items-center rounded-control text-text-2 hover:bg-hover hover:text-text">
            <ArrowLeft size={16} strokeWidth={1.75} aria-hidden className="mirror" />
          </a>
        </Tooltip>
      )}
      <h1 ref={heading} tabIndex={-1} className="m-0 line-clamp-2 min-w-0 grow text-card xs:line-clamp-1 xs:text-page">
        {title}
      </h1>
      {small ? (
        <IconButton label={t('palette.open')} icon={search} onClick={onPalette} />
      ) : (
        <Button onClick={onPalette} aria-keyshortcuts="Control+K Meta+K" className="me-2 w-64 justify-start font-normal text-text-3 shrink [&>span]:w-full">
          {search}
          <span className="min-w-0 grow truncate">{t('search')}</span>
          <Kbd>{isApple() ? '⌘K' : 'Ctrl K'}</Kbd>
        </Button>
      )}
      <Bell />
      {!tiny && <LanguageMenu value={preferences.language} onChange={preferences.chooseLanguage} />}
      <Menu label={t('me.label')} trigger={<IconButton label={t('me.label')} icon={<CircleUserRound size={16} strokeWidth={1.75} aria-hidden />} />}>
        <MenuLabel>{t('me.theme')}</MenuLabel>
        <MenuChoice label={t('me.theme')} value={preferences.theme} onChange={(value) => isTheme(value) && preferences.chooseTheme(value)}>
          {themes.map((theme) => (
            <MenuChoiceItem key={theme} value={theme} keepOpen>
              {t(`theme.${theme}`)}
            </MenuChoiceItem>
          ))}
        </MenuChoice>
        <MenuLabel>{t('me.density')}</MenuLabel>
        <MenuChoice label={t('me.density')} value={preferences.density} onChange={(value) => isDensity(value) && preferences.chooseDensity(value)}>
          {densities.map((density) => (
            <MenuChoiceItem key={density} value={density} keepOpen>
              {t(`density.${density}`)}
            </MenuChoiceItem>
          ))}
        </MenuChoice>
        {tiny && (
          <>
            <MenuLabel>{t('language')}</MenuLabel>
            <LanguageChoice value={preferences.language} onChange={preferences.chooseLanguage} />
          </>
        )}
        <MenuLine />
        <MenuItem icon={<Keyboard size={16} strokeWidth={1.75} aria-hidden />} hint="?" onSelect={onHelp}>
          {t('me.keyboard')}
        </MenuItem>
        {onLock && (
          <MenuItem icon={<Lock size={16} strokeWidth={1.75} aria-hidden />} onSelect={onLock}>
            {t('me.lock')}
          </MenuItem>
        )}
      </Menu>
    </header>
  );
}
