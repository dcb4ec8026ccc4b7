import { useTranslation } from 'react-i18next';
import { toast } from '@/components/ui/toaster';
import type { Combo, ProcessStatus } from '@/lib/api';
import { copyText } from '@/lib/platform';
import { useAct, useLink, useVerb } from '@/lib/query';

export type GatewayState = ProcessStatus['state'] | 'connecting' | 'unreachable';

export interface Gateway {
  state: GatewayState;
  status: ProcessStatus | undefined;
  combos: readonly Combo[];
  copy: () => void;
  /** Minutes; 0 = until a person resumes. */
  pause: (minutes: number) => void;
  resume: () => void;
  /** Makes a combo the one that answers to `auto`, with the way back. */
  activate: (id: string) => void;
}

/** How the gateway is and what every part of the shell can do with it. The
 * combos are asked for only where someone looks at them (`list`). */
export function useGateway(list = false): Gateway {
  const { t } = useTranslation(['shell', 'common']);
  const { data: status } = useVerb('System.Status');
  const { data } = useVerb('Combos.List', undefined, { enabled: list });
  const link = useLink();
  const pausing = useAct('System.Pause');
  const resuming = useAct('System.Resume');
  const activating = useAct('Combos.Activate');
  const combos = data?.combos ?? [];
  const state = link === 'lost' ? 'unreachable' : (status?.state ?? 'connecting');
  // Promises, not callbacks of mutate: the palette is gone when the answer comes.
  const failed = (error: Error) => toast.say(error.message);

  const copy = async () => {
    if (!status) return;
    try {
      await copyText(status.endpoint);
      toast.say(t('common:copied'));
    } catch {
      toast.say(t('common:copyFailed'));
    }
  };
  return {
    state,
    status,
    combos,
    copy: () => void copy(),
    pause: (minutes) => void pausing.mutateAsync({ minutes }).then(() => toast.undo(t('gateway.pausedToast'), () => resuming.mutateAsync(undefined)), failed),
    resume: () => void resuming.mutateAsync(undefined).then(() => toast.say(t('gateway.resumedToast')), failed),
    activate: (id) => {
      const next = combos.find((combo) => combo.id === id);
      const before = combos.find((combo) => combo.isActive);
      if (!next || next.id === before?.id) return;
      const told = () => {
        const words = t('combo.now', { name: next.name });
        if (before) toast.undo(words, () => activating.mutateAsync({ id: before.id }));
        else toast.say(words);
      };
      void activating.mutateAsync({ id }).then(told, failed);
    },
  };
}
