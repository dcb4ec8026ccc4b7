import { useTranslation } from 'react-i18next';
import { Switch } from '@/components/ui/choice';
import { Input } from '@/components/ui/input';
import { toast } from '@/components/ui/toaster';
import type { Notifications } from '@/lib/api';
import { useAct, useVerb } from '@/lib/query';
import { Group, Row } from './group';
import { useSettings } from './use-setting';

const kinds = ['breaker', 'noTarget', 'signIn', 'system', 'recovered'] as const;

/** What only the app has: start at login, tray, notifications. Not shown in a
 * browser of a server. */
export function DesktopGroup() {
  const { t } = useTranslation('settings');
  const { data: desktop } = useVerb('Desktop.State');
  const { settings, change } = useSettings();
  const setLoginItem = useAct('Desktop.SetLoginItem');
  if (!desktop?.available || !settings) return null;
  const { notifications } = settings;
  const notify = (next: Partial<Notifications>) => change('notifications', { ...notifications, ...next });
  return (
    <>
      <Group title={t('desktop.title')}>
        <Row label={t('desktop.login')} {...(desktop.canStartAtLogin ? {} : { locked: t('desktop.noLogin') })}>
          <Switch checked={desktop.startAtLogin} onChange={(on) => setLoginItem.mutate({ on }, { onError: (error) => toast.say(error.message) })} />
        </Row>
        <Row label={t('desktop.hidden')} help={t('desktop.hiddenHelp')}>
          <Switch checked={settings.startHidden} onChange={(on) => change('startHidden', on)} />
        </Row>
        <Row label={t('desktop.tray')} help={desktop.hasTray ? t('desktop.trayHelp') : t('desktop.noTray')}>
          <Switch checked={settings.closeToTray} onChange={(on) => change('closeToTray', on)} />
        </Row>
      </Group>
      <Group title={t('notify.title')}>
        <Row label={t('notify.enabled')}>
          <Switch checked={notifications.enabled} onChange={(enabled) => notify({ enabled })} />
        </Row>
        {kinds.map((kind) => (
          <Row key={kind} label={t(`notify.${kind}`)} {...(notifications.enabled ? {} : { locked: t('notify.off') })}>
            <Switch checked={notifications[kind]} onChange={(on) => notify({ [kind]: on })} />
          </Row>
        ))}
        <Row label={t('notify.from')} help={t('notify.quietHelp')}>
          <Input type="time" value={notifications.quietFrom} onChange={(event) => notify({ quietFrom: event.target.value })} className="w-32" />
        </Row>
        <Row label={t('notify.to')}>
          <Input type="time" value={notifications.quietTo} onChange={(event) => notify({ quietTo: event.target.value })} className="w-32" />
        </Row>
      </Group>
    </>
  );
}
