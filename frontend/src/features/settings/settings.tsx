import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Page } from '@/components/page';
import { cn } from '@/components/ui/cn';
import { SearchInput } from '@/components/ui/input';
import { useParams } from '@/lib/router';
import { FindContext } from './find';
import { AppearanceSection } from './parts/appearance';
import { GeneralSection } from './parts/general';
import { SecuritySection } from './parts/security';

const sections = [
  { id: 'general', body: GeneralSection },
  { id: 'appearance', body: AppearanceSection },
  { id: 'security', body: SecuritySection },
] as const;

/** Sections at the start, one column of rows; typing looks through them all. */
export function SettingsPage() {
  const { t } = useTranslation('settings');
  const { section } = useParams();
  const [typed, setTyped] = useState('');
  const open = sections.find((one) => one.id === section) ?? sections[0];
  const finding = typed.trim() !== '';
  return (
    <Page className="md:flex-row md:gap-8">
      <div className="flex shrink-0 flex-col gap-2 md:sticky md:top-18 md:w-52 md:self-start">
        <SearchInput label={t('find')} value={typed} onChange={setTyped} />
        <nav aria-label={t('sections')}>
          <ul className="m-0 flex list-none flex-wrap gap-0.5 p-0 md:flex-col">
            {sections.map((one) => (
              <li key={one.id}>
                <a
                  href={`#/settings/${one.id}`}
                  onClick={() => setTyped('')}
                  aria-current={!finding && one === open ? 'page' : undefined}
                  className={cn(
                    'flex min-h-9 items-center rounded-control px-3 text-body no-underline transition-colors duration-fast pointer-coarse:min-h-11',
                    !finding && one === open ? 'bg-accent-soft font-medium text-text' : 'text-text-2 hover:bg-hover hover:text-text',
                  )}
                >
                  {t(`${one.id}.title`)}
                </a>
              </li>
            ))}
          </ul>
        </nav>
      </div>
      <div className="flex min-w-0 max-w-form grow flex-col gap-card">
        <FindContext value={typed.trim().toLocaleLowerCase()}>
          {sections
            .filter((one) => finding || one === open)
            .map(({ id, body: Body }) => (
              <Body key={id} />
            ))}
        </FindContext>
        {finding && <p className="m-0 hidden py-8 text-center text-text-2 only:block">{t('nothing')}</p>}
      </div>
    </Page>
  );
}
