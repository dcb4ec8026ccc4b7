import { useTranslation } from 'react-i18next';
import { Page } from '@/components/page';
import { Button } from '@/components/ui/button';
import { EmptyState, ErrorState, Skeleton } from '@/components/ui/states';
import { useVerb } from '@/lib/query';
import { ComboForm } from './parts/combo-form';

/** One combo's page. `id` null = a new one. */
export function Editor({ id }: { id: string | null }) {
  const { t } = useTranslation('combos');
  const list = useVerb('Combos.List');
  const combos = list.data?.combos;
  const stored = id === null ? null : combos?.find((combo) => combo.id === id);
  if (list.error && combos === undefined) {
    return (
      <Page>
        <ErrorState error={list.error} onRetry={() => void list.refetch()} />
      </Page>
    );
  }
  if (combos === undefined) return <Skeleton className="mx-auto max-w-page px-gutter py-6" lines={6} />;
  if (stored === undefined) {
    return (
      <Page>
        <EmptyState
          text={t('gone')}
          action={
            <Button asChild>
              <a href="#/combos">{t('toList')}</a>
            </Button>
          }
        />
      </Page>
    );
  }
  return <ComboForm stored={stored} combos={combos} onConflict={() => void list.refetch()} />;
}
