import { useEffect, useRef, useState } from 'react';
import { call, type ApiFault, type KeyReport, type KeyTrial } from '@/lib/api';

export type TrialState = { phase: 'idle' } | { phase: 'checking' } | { phase: 'done'; report: KeyReport } | { phase: 'fault'; fault: ApiFault };

export interface Trial {
  state: TrialState;
  /** Tries after a wait (ms). Whatever was under way does not count any more.
   * Resolves to whether it can be saved as it is. */
  start: (input: KeyTrial, wait?: number) => Promise<boolean>;
  /** The outcome for what is entered now: known, on its way, or begun here. */
  settle: (input: KeyTrial) => Promise<boolean>;
  reset: () => void;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Tries a key before anything is stored. The key stays out of every cache. */
export function useTrial(): Trial {
  const [state, setState] = useState<TrialState>({ phase: 'idle' });
  const turn = useRef(0);
  const last = useRef<Promise<boolean> | null>(null);
  useEffect(
    () => () => {
      turn.current++;
    },
    [],
  );
  const start = (input: KeyTrial, wait = 0): Promise<boolean> => {
    const mine = ++turn.current;
    const current = () => turn.current === mine;
    if (wait > 0) setState({ phase: 'idle' }); // the outcome of before says nothing about what is typed now
    const work = async () => {
      if (wait > 0) await pause(wait);
      if (!current()) return false;
      setState({ phase: 'checking' });
      try {
        const report = await call('Providers.TryKey', input);
        if (!current()) return false;
        setState({ phase: 'done', report });
        return report.valid;
      } catch (error) {
        if (current()) setState({ phase: 'fault', fault: error as ApiFault });
        return false;
      }
    };
    last.current = work();
    return last.current;
  };
  return {
    state,
    start,
    settle: (input) => last.current ?? start(input),
    reset: () => {
      turn.current++;
      last.current = null;
      setState({ phase: 'idle' });
    },
  };
}
