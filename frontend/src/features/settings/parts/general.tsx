import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { NumberInput } from '@/components/ui/input';
import { Switch } from '@/components/ui/choice';
import { CopyButton } from '@/components/ui/copy-button';
import { ErrorState } from '@/components/ui/states';
import { Code } from '@/components/ui/text';
import { useVerb } from '@/lib/query';
import { DesktopGroup } from './desktop';
import { Fact, Group, Row } from './group';
import { NameInput } from './name-input';
import { useSettings } from './use-setting';

export function GeneralSection() {
  const { t } = useTranslation('settings');
  const { settings, error, refetch, change, lockedBy } = useSettings();
  const { data: status } = useVerb('System.Status');
  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />;
  return (
    <>
      <Group title={t('general.title')} busy={settings === undefined}>
        <Row label={t('general.name')} help={t('general.nameHelp')}>
          <NameInput value={settings?.instanceName ?? ''} onChange={(name) => change('instanceName', name)} />
        </Row>
        <Row label={t('general.keys')} help={t('general.keysHelp')} words={['keyboard']}>
          <Switch checked={settings?.singleKeyShortcuts ?? true} onChange={(on) => change('singleKeyShortcuts', on)} />
        </Row>
        <Row label={t('general.retention')} help={t('general.retentionHelp')} locked={lockedBy('logRetentionDays')} words={['logs']}>
          <NumberInput value={settings?.logRetentionDays ?? 0} unit={t('general.days')} min={1} max={3650} onChange={(days) => change('logRetentionDays', Math.round(days))} />
        </Row>
        <Fact label={t('general.setup')} help={t('general.setupHelp')}>
          <Button asChild>
            <a href="#/setup">{t('general.setupOpen')}</a>
          </Button>
        </Fact>
      </Group>
      <DesktopGroup />
      {status && (
        <Group title={t('about.title')}>
          <Fact label={t('about.version')}>
            <Code>{status.version}</Code>
          </Fact>
          <Fact label={t('about.data')}>
            <span className="flex min-w-0 items-center gap-1">
              <Code>{status.dataDir}</Code>
              <CopyButton iconOnly look="ghost" text={status.dataDir} label={t('about.copyData')} />
            </span>
          </Fact>
          <Fact label={t('about.vault')} {...(status.vault.state === 'ok' ? {} : { help: status.vault.detail })}>
            <span className={status.vault.state === 'ok' ? '' : 'text-bad'}>{status.vault.state === 'ok' ? t(`about.vaultKind.${status.vault.kind}`) : t('about.vaultBroken')}</span>
          </Fact>
        </Group>
      )}
    </>
  );
}
