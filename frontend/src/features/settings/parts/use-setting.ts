import { useTranslation } from 'react-i18next';
import { toast } from '@/components/ui/toaster';
import type { SettingsChange, SettingsView } from '@/lib/api';
import { useAct, useVerb } from '@/lib/query';

/** The gateway's sentence names the variable; ours is in the person's language. */
export function variableIn(why: string): string | undefined {
  return /\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b/.exec(why)?.[0];
}

type Name = keyof SettingsChange & keyof SettingsView;

/** One setting: what it is, whether the environment holds it, and the change
 * that counts at once and can be undone. */
export function useSettings() {
  const { t } = useTranslation('settings');
  const { data, error, refetch } = useVerb('Settings.Get');
  const { mutateAsync } = useAct('Settings.Update');
  const change = async <N extends Name>(name: N, value: SettingsView[N]) => {
    if (data === undefined || data[name] === value) return;
    const before = data[name];
    try {
      await mutateAsync({ [name]: value } as SettingsChange);
      toast.undo(t('changed'), () => mutateAsync({ [name]: before } as SettingsChange));
    } catch (failure) {
      toast.say(failure instanceof Error ? failure.message : String(failure));
    }
  };
  return {
    settings: data,
    error,
    refetch,
    change: <N extends Name>(name: N, value: SettingsView[N]) => void change(name, value),
    lockedBy: (name: Name) => {
      const lock = data?.locked[name];
      return lock === undefined ? undefined : t('lockedBy', { variable: variableIn(lock.why) ?? name });
    },
  };
}
