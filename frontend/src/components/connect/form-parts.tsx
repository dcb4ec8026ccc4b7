import { CircleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useTroubleWords, type Trouble } from '@/components/ui/states';

/** Stays at the lower edge of a dialog while its form scrolls. */
export function FormFooter({ children }: { children: ReactNode }) {
  return <div className="sticky -bottom-5 -mx-6 mt-2 -mb-5 flex flex-wrap items-center justify-end gap-2 border-t border-border bg-surface px-6 py-3 sm:rounded-b-dialog">{children}</div>;
}

/** Saving was refused for a reason that belongs to no field. */
export function FormTrouble({ fault }: { fault: Trouble | null }) {
  const { t } = useTranslation('connect');
  const words = useTroubleWords();
  if (fault === null) return null;
  return (
    <div role="alert" className="flex items-start gap-2 rounded-card bg-bad-soft px-3 py-2 text-body">
      <CircleAlert size={16} strokeWidth={1.75} aria-hidden className="mt-0.5 text-bad" />
      <p className="m-0 flex min-w-0 flex-col">
        <span>
          {t('trouble')} {words(fault)}
        </span>
        {fault.message !== '' && (
          <span lang="en" dir="ltr" className="text-small text-text-2">
            {fault.message}
          </span>
        )}
      </p>
    </div>
  );
}
