import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button, ButtonGroup } from '@/components/ui/button';
import { Switch } from '@/components/ui/choice';
import { ErrorState } from '@/components/ui/states';
import { Code } from '@/components/ui/text';
import { inWindow } from '@/lib/api';
import { Fact, Group, Row } from './group';
import { PasswordDialog } from './password-dialog';
import { Sessions } from './sessions';
import { useSettings } from './use-setting';

export function SecuritySection() {
  const { t } = useTranslation('settings');
  const { settings, error, refetch, change, lockedBy } = useSettings();
  const [dialog, setDialog] = useState<'set' | 'change' | 'remove' | null>(null);
  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />;
  const has = settings?.hasPassword ?? false;
  return (
    <>
      <Group title={t('security.title')} busy={settings === undefined}>
        <Fact label={t('security.password')} help={has ? t('security.passwordSet') : t('security.passwordNone')} words={['password']}>
          <ButtonGroup>
            {has && <Button onClick={() => setDialog('remove')}>{t('security.remove')}</Button>}
            <Button onClick={() => setDialog(has ? 'change' : 'set')}>{has ? t('security.change') : t('security.set')}</Button>
          </ButtonGroup>
        </Fact>
        {has && (
          <Row label={t('security.requireLogin')} help={t('security.requireLoginHelp')} locked={lockedBy('requireLogin')}>
            <Switch checked={settings?.requireLogin ?? true} onChange={(on) => change('requireLogin', on)} />
          </Row>
        )}
        <Fact label={t('security.keys')} help={settings?.requireApiKey === true ? t('security.keysOn') : t('security.keysOff')} words={['API']}>
          <Button asChild>
            <a href="#/keys">{t('security.keysOpen')}</a>
          </Button>
        </Fact>
      </Group>
      {settings && (
        <Group title={t('network.title')}>
          <Fact label={t('network.baseUrl')} help={t('lockedBy', { variable: 'BASE_URL' })} words={['BASE_URL']}>
            {settings.baseUrl === '' ? t('network.thisComputer') : <Code>{settings.baseUrl}</Code>}
          </Fact>
          <Fact label={t('network.cors')} help={t('lockedBy', { variable: 'CORS_ORIGIN' })} words={['CORS_ORIGIN']}>
            {settings.corsOrigins.length === 0 ? t('network.noOrigins') : <Code>{settings.corsOrigins.join(', ')}</Code>}
          </Fact>
        </Group>
      )}
      {!inWindow() && <Sessions />}
      {dialog !== null && <PasswordDialog mode={dialog} onClose={() => setDialog(null)} />}
    </>
  );
}
