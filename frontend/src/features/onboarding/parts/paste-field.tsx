import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { cameAtOnce, looksLikeKey } from '@/components/connect';
import { Field } from '@/components/ui/field';
import { SecretInput } from '@/components/ui/input';

/** Takes a key and hands it on at once; the field itself keeps nothing. */
export function PasteField({ onKey }: { onKey: (key: string) => void }) {
  const { t } = useTranslation('onboarding');
  const field = useRef<HTMLInputElement>(null);
  const length = useRef(0);
  const [short, setShort] = useState(false);
  const take = (final: boolean) => {
    const text = field.current?.value.trim() ?? '';
    if (!looksLikeKey(text)) {
      setShort(final && text !== '');
      return;
    }
    setShort(false);
    if (field.current) field.current.value = '';
    onKey(text);
  };
  return (
    <Field label={t('accounts.key')} help={t('accounts.pasteHelp')} error={short ? t('accounts.noKey') : undefined}>
      <SecretInput
        ref={field}
        onChange={(event) => {
          if (cameAtOnce(length.current, event.target.value)) take(false);
          else setShort(false);
          length.current = event.target.value.length;
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') take(true);
        }}
        onBlur={() => take(true)}
      />
    </Field>
  );
}
