import { LockOpen, ShieldCheck } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Card } from '@/components/ui/card';
import { Switch } from '@/components/ui/choice';
import { Field } from '@/components/ui/field';
import { ErrorState } from '@/components/ui/states';
import { toast } from '@/components/ui/toaster';
import { useFormat } from '@/lib/format';
import { useAct, useVerb } from '@/lib/query';

/** The big switch: whether a client without a key is answered at all. */
export function RequireKey() {
  const { t } = useTranslation('keys');
  const format = useFormat();
  const { data } = useVerb('Settings.Get');
  const keys = useVerb('Keys.List');
  const change = useAct('Settings.Update');
  if (data === undefined) return null;
  const on = change.isPending ? change.variables.requireApiKey === true : data.requireApiKey;
  const locked = data.locked['requireApiKey'];
  const set = (requireApiKey: boolean) => change.mutateAsync({ requireApiKey });
  const flip = async (next: boolean) => {
    await set(next);
    toast.undo(next ? t('require.isOn') : t('require.isOff'), () => set(!next));
  };
  const anonymous = keys.data?.anonymous;
  const Icon = on ? ShieldCheck : LockOpen;
  return (
    <Card>
      <Field
        layout="row"
        className="flex-nowrap py-0"
        label={
          <span className="inline-flex items-center gap-2">
            <Icon size={16} strokeWidth={1.75} aria-hidden className={on ? 'text-ok' : 'text-text-3'} />
            {t('require.label')}
          </span>
        }
        help={on ? t('require.on') : t('require.off')}
        locked={locked === undefined ? undefined : t('require.locked', { variable: 'REQUIRE_API_KEY' })}
      >
        <Switch checked={on} onChange={(next) => void flip(next).catch(() => undefined)} />
      </Field>
      {anonymous !== undefined && anonymous.requests > 0 && (
        <p className="figures m-0 mt-1 text-small text-text-3">{[t('anonymous', { count: anonymous.requests }), anonymous.spentMicros > 0 && format.money(anonymous.spentMicros)].filter(Boolean).join(' ')}</p>
      )}
      {change.error && <ErrorState error={change.error} />}
    </Card>
  );
}
