import { useTranslation } from 'react-i18next';
import { Page } from '@/components/page';
import { Button } from '@/components/ui/button';
import { EmptyState } from '@/components/ui/states';

export function NotFound() {
  const { t } = useTranslation('errors');
  return (
    <Page>
      <EmptyState
        text={t('notFound.text')}
        action={
          <Button look="primary" asChild>
            <a href="#/">{t('notFound.home')}</a>
          </Button>
        }
      />
    </Page>
  );
}
