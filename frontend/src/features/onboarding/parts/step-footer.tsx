import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import type { Moves } from '../steps';

/** Back at the start, skip and the one filled button at the end. */
export function StepFooter({ moves, skip, children }: { moves: Moves; skip?: (() => void) | undefined; children: ReactNode }) {
  const { t } = useTranslation(['onboarding', 'common']);
  return (
    <div className="flex flex-wrap items-center justify-end gap-2 pt-8 max-sm:mt-auto">
      {moves.back && (
        <Button look="ghost" onClick={moves.back} className="me-auto">
          {t('common:back')}
        </Button>
      )}
      {skip && (
        <Button look="ghost" onClick={skip}>
          {t('skip')}
        </Button>
      )}
      {children}
    </div>
  );
}
