import { useEffect, useRef, useState, type SubmitEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { Field } from '@/components/ui/field';
import { SecretInput } from '@/components/ui/input';
import { useTroubleWords } from '@/components/ui/states';
import { ApiFault, signInWithPassword } from '@/lib/api';
import { useFormat } from '@/lib/format';

/** One field. After too many wrong tries it waits with a countdown. */
export function PasswordForm({ onEntered }: { onEntered: () => void }) {
  const { t } = useTranslation('lock');
  const format = useFormat();
  const words = useTroubleWords();
  const field = useRef<HTMLInputElement>(null);
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<ApiFault | null>(null);
  const [wait, setWait] = useState(0);

  useEffect(() => field.current?.focus(), []);
  const waiting = wait > 0;
  useEffect(() => {
    if (!waiting) return undefined;
    const timer = setInterval(() => setWait((seconds) => Math.max(0, seconds - 1)), 1_000);
    return () => clearInterval(timer);
  }, [waiting]);

  const enter = async (event: SubmitEvent) => {
    event.preventDefault();
    if (waiting || password === '') return;
    setBusy(true);
    try {
      await signInWithPassword(password);
      setPassword('');
      onEntered();
    } catch (error) {
      const refused = error instanceof ApiFault ? error : new ApiFault({ kind: 'internal', message: '' });
      setFault(refused);
      setWait(refused.kind === 'rate_limited' ? (refused.retryAfter ?? 30) : 0);
      field.current?.select();
    } finally {
      setBusy(false);
    }
  };

  const error = waiting ? t('wait', { time: format.duration(wait * 1_000) }) : fault === null || fault.kind === 'rate_limited' ? undefined : fault.kind === 'unauthorized' ? t('wrong') : words(fault);
  return (
    <form onSubmit={(event) => void enter(event)} className="flex flex-col gap-4">
      <Field label={t('password')} error={error}>
        <SecretInput ref={field} autoComplete="current-password" value={password} onChange={(event) => setPassword(event.target.value)} />
      </Field>
      <Button look="primary" type="submit" loading={busy} className="w-full">
        {t('unlock')}
      </Button>
    </form>
  );
}
