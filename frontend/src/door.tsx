import { useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useCallback, useEffect, useState, type ReactNode } from 'react';
import { onOtherTab, onUnauthorized, signInWithToken, standing, takeSignInToken, type ApiFault, type Standing } from '@/lib/api';

const Lock = lazy(async () => ({ default: (await import('@/features/lock')).Lock }));

/** Lets in who may come in. Shows the lock page or the way to sign in to
 * everyone else, and comes back when the session ends. */
export function Door({ children }: { children: (onLocked: () => void) => ReactNode }) {
  const client = useQueryClient();
  const [state, setState] = useState<Standing | 'asking' | 'silent'>('asking');
  const [refusal, setRefusal] = useState<ApiFault | null>(null);

  const ask = useCallback(async () => {
    try {
      setState(await standing());
    } catch {
      setState('silent');
    }
  }, []);

  useEffect(() => {
    const arrive = async () => {
      const token = takeSignInToken();
      if (token !== null) {
        try {
          await signInWithToken(token);
          setRefusal(null);
        } catch (error) {
          setRefusal(error as ApiFault);
        }
      }
      await ask();
    };
    void arrive();
    window.addEventListener('hashchange', onHash);
    function onHash() {
      if (/^#\/sign-in\//.test(window.location.hash)) void arrive();
    }
    return () => window.removeEventListener('hashchange', onHash);
  }, [ask]);

  const leave = useCallback(() => {
    client.clear();
    void ask();
  }, [ask, client]);
  useEffect(() => onUnauthorized(leave), [leave]);
  useEffect(() => onOtherTab(() => void ask()), [ask]);

  // Nobody answers: asked again until somebody does.
  useEffect(() => {
    if (state !== 'silent') return undefined;
    const timer = setInterval(() => void ask(), 2_000);
    return () => clearInterval(timer);
  }, [state, ask]);

  if (state === 'in') return children(leave);
  if (state === 'asking') return null;
  return (
    <Suspense>
      <Lock standing={state} refusal={refusal} onEntered={() => void ask()} />
    </Suspense>
  );
}
