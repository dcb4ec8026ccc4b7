import { CircleCheck, CircleX, Play } from 'lucide-react';
import { Trans, useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { CopyButton } from '@/components/ui/copy-button';
import { ErrorState, Skeleton, useTroubleWords } from '@/components/ui/states';
import { Code, TextLink } from '@/components/ui/text';
import type { TestAnswer } from '@/lib/api';
import { useFormat } from '@/lib/format';
import { useAct, useVerb } from '@/lib/query';

/** The address that every tool needs, and the proof that it answers. `main` =
 * nothing on the page is more urgent than copying it. */
export function ConnectCard({ main }: { main: boolean }) {
  const { t } = useTranslation('home');
  const { data, error, refetch } = useVerb('System.Status');
  const { data: settings } = useVerb('Settings.Get');
  const active = data !== undefined && data.activeCombo !== '';
  return (
    <Card title={t('connect.title')} busy={!error && data === undefined}>
      {error && <ErrorState error={error} onRetry={() => void refetch()} />}
      {!error && data === undefined && <Skeleton lines={4} />}
      {data !== undefined && (
        <>
          <div className="flex flex-wrap items-center gap-2">
            <Code className="min-w-0 rounded-control bg-sunken px-2 py-1.5 xs:px-3">{data.endpoint}</Code>
            <CopyButton look={main ? 'primary' : 'secondary'} text={data.endpoint} />
          </div>
          <dl className="m-0 mt-4 grid grid-cols-[auto_minmax(0,1fr)] items-baseline gap-x-4 gap-y-2 text-body">
            <dt className="text-text-2">{t('connect.model')}</dt>
            <dd className="m-0 text-text-2">
              <Trans t={t} i18nKey={active ? 'connect.auto' : 'connect.demo'} components={{ name: <Code className="text-text" /> }} />
            </dd>
            <dt className="text-text-2">{t('connect.key')}</dt>
            <dd className="m-0 text-text-2">
              {settings?.requireApiKey === true ? <Trans t={t} i18nKey="connect.keyNeeded" components={{ keys: <TextLink href="#/keys" /> }} /> : t('connect.keyOpen')}
            </dd>
          </dl>
          <SendTest />
        </>
      )}
    </Card>
  );
}

function SendTest() {
  const { t } = useTranslation('home');
  const test = useAct('Overview.SendTest');
  return (
    <div className="mt-auto flex flex-wrap items-start gap-x-3 gap-y-2 pt-4">
      <Button onClick={() => test.mutate({})} loading={test.isPending}>
        <Play size={16} strokeWidth={1.75} aria-hidden />
        {t('connect.test')}
      </Button>
      <div role="status" className="min-w-0 flex-[1_1_16rem] self-center text-body">
        {!test.isPending && test.data && <Answer answer={test.data} />}
        {test.error && <span className="text-bad">{test.error.message}</span>}
      </div>
    </div>
  );
}

function Answer({ answer }: { answer: TestAnswer }) {
  const { t } = useTranslation('home');
  const format = useFormat();
  const words = useTroubleWords();
  const logs = answer.requestId === '' ? undefined : `#/logs/requests/${answer.requestId}`;
  if (!answer.ok) {
    return (
      <span className="flex items-start gap-2">
        <CircleX size={16} strokeWidth={1.75} aria-hidden className="mt-0.5 text-bad" />
        <span className="min-w-0">
          {words({ kind: answer.kind, message: answer.error })} {logs !== undefined && <TextLink href={logs}>{t('connect.why')}</TextLink>}
        </span>
      </span>
    );
  }
  return (
    <span className="flex items-start gap-2">
      <CircleCheck size={16} strokeWidth={1.75} aria-hidden className="mt-0.5 text-ok" />
      <span className="min-w-0">
        <q className="line-clamp-2">{answer.text.trim()}</q>
        <span className="figures block text-small text-text-2">
          {format.duration(answer.ms)} · <Code>{answer.answeredBy}</Code>
        </span>
      </span>
    </span>
  );
}
