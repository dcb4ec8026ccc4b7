import { useTranslation } from 'react-i18next';
import { Card } from '@/components/ui/card';
import { CopyButton } from '@/components/ui/copy-button';
import { ErrorState, Skeleton } from '@/components/ui/states';
import { Code } from '@/components/ui/text';
import { useVerb } from '@/lib/query';

/** The address that every tool needs. */
export function ConnectCard() {
  const { t } = useTranslation('home');
  const { data, error, refetch } = useVerb('System.Status');
  const endpoint = data === undefined ? '' : `${data.url.replace(/\/$/, '')}/v1`;
  return (
    <Card title={t('connect.title')}>
      {error && <ErrorState error={error} onRetry={() => void refetch()} />}
      {!error && data === undefined && <Skeleton lines={2} />}
      {data !== undefined && (
        <div className="flex flex-wrap items-center gap-2">
          <Code className="min-w-0 rounded-control bg-sunken px-3 py-1.5">{endpoint}</Code>
          <CopyButton look="primary" text={endpoint} />
        </div>
      )}
    </Card>
  );
}
