import { useQueryClient } from '@tanstack/react-query';
import { toast } from '@/components/ui/toaster';
import { call, type ApiFault, type SettingsView } from '@/lib/api';
import { keyOf } from '@/lib/query';
import { navigate } from '@/lib/router';
import { setupStep } from '@/lib/setup';

export const steps = ['welcome', 'accounts', 'combo', 'try'] as const;
export type Step = (typeof steps)[number];

const isStep = (text: string | null | undefined): text is Step => steps.some((step) => step === text);

/** Where the setup stands: what the address says, else where it was left. */
export function stepOf(address: string | undefined): Step {
  if (isStep(address)) return address;
  const left = setupStep.read();
  return isStep(left) ? left : 'welcome';
}

export function go(step: Step): void {
  setupStep.write(step);
  navigate(`/setup/${step}`);
}

export interface Moves {
  next: () => void;
  back: (() => void) | undefined;
  /** Ends the setup; it stays reachable. */
  finish: () => Promise<void>;
}

export function useMoves(step: Step): Moves {
  const client = useQueryClient();
  const at = steps.indexOf(step);
  const before = steps[at - 1];
  const after = steps[at + 1];
  const finish = async () => {
    setupStep.write('done');
    try {
      client.setQueryData<SettingsView>(keyOf('Settings.Get'), await call('Settings.Update', { setupComplete: true }));
    } catch (error) {
      toast.say((error as ApiFault).message);
    }
    navigate('/');
  };
  return {
    next: () => {
      if (after === undefined) void finish();
      else go(after);
    },
    back: before === undefined ? undefined : () => go(before),
    finish,
  };
}
