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

/** Native names, no flags; switches live. */
export function LanguageMenu({ value, onChange }: { value: string; onChange: (language: string) => void }) {
  const { t } = useTranslation('shell');
  return (
    <Menu label={t('language')} trigger={<IconButton label={t('language')} icon={<Globe size={16} strokeWidth={1.75} aria-hidden />} />}>
      <MenuChoice label={t('language')} value={value} onChange={onChange}>
        {[...languages, ...made].map((language) => (
          <MenuChoiceItem key={language.code} value={language.code}>
            <span lang={language.code}>{language.name}</span>
          </MenuChoiceItem>
        ))}
      </MenuChoice>
    </Menu>
  );
}
