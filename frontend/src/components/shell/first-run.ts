import { useEffect } from 'react';
import { useVerb } from '@/lib/query';
import { navigate } from '@/lib/router';
import { setupStep } from '@/lib/setup';

/** Sends whoever opens the app for the first time from Home to the setup. True
 * while that is not decided, so that Home does not flash up before. */
export function useFirstRun(path: string): boolean {
  const maybe = path === '/' && setupStep.read() !== 'done';
  const settings = useVerb('Settings.Get', undefined, { enabled: maybe });
  const status = useVerb('System.Status', undefined, { enabled: maybe });
  const known = settings.data !== undefined && status.data !== undefined;
  const first = known && !settings.data.setupComplete && status.data.connections === 0 && status.data.combos === 0;
  useEffect(() => {
    if (maybe && first) navigate('/setup', { replace: true });
  }, [maybe, first]);
  return maybe && (first || (!known && !settings.error && !status.error));
}
