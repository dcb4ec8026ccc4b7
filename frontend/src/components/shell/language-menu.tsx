import { Globe } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { IconButton } from '@/components/ui/button';
import { Menu, MenuChoice, MenuChoiceItem } from '@/components/ui/menu';
import { languages } from '@/lib/i18n';

const made = __WORKBENCH__
  ? [
      { code: 'en-XA', name: 'en-XA' },
      { code: 'ar-XB', name: 'ar-XB' },
    ]
  : [];

interface LanguageProps {
  value: string;
  onChange: (language: string) => void;
}

/** Native names, no flags; switches live. */
export function LanguageMenu(props: LanguageProps) {
  const { t } = useTranslation('shell');
  return (
    <Menu label={t('language')} trigger={<IconButton label={t('language')} icon={<Globe size={16} strokeWidth={1.75} aria-hidden />} />}>
      <LanguageChoice {...props} />
    </Menu>
  );
}

/** The same inside of another menu. */
export function LanguageChoice({ value, onChange }: LanguageProps) {
  const { t } = useTranslation('shell');
  return (
    <MenuChoice label={t('language')} value={value} onChange={onChange}>
      {[...languages, ...made].map((language) => (
        <MenuChoiceItem key={language.code} value={language.code}>
          <span lang={language.code}>{language.name}</span>
        </MenuChoiceItem>
      ))}
    </MenuChoice>
  );
}
