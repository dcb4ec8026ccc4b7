import { ExternalLink } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { openLink } from '@/lib/platform';
import { TextLink } from './ui/text';

/** A link to another site. It opens in the person's browser, also from the
 * window, and says so. */
export function OutsideLink({ href, children, className }: { href: string; children: ReactNode; className?: string }) {
  const { t } = useTranslation('common');
  return (
    <TextLink
      href={href}
      target="_blank"
      rel="noopener noreferrer"
      className={className}
      onClick={(event) => {
        event.preventDefault();
        void openLink(href);
      }}
    >
      {children}
      <ExternalLink size={14} strokeWidth={1.75} aria-hidden className="ms-1" />
      <span className="sr-only"> ({t('openOutside')})</span>
    </TextLink>
  );
}
