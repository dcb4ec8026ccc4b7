import { useState } from 'react';
import { Input } from '@/components/ui/input';

/** A short text that counts when the field is left or Enter is pressed. */
export function NameInput({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const [draft, setDraft] = useState<string | null>(null);
  const settle = () => {
    if (draft !== null && draft.trim() !== value) onChange(draft.trim());
    setDraft(null);
  };
  return (
    <Input
      value={draft ?? value}
      maxLength={60}
      onChange={(event) => setDraft(event.target.value)}
      onBlur={settle}
      onKeyDown={(event) => {
        if (event.key === 'Enter') settle();
        if (event.key === 'Escape') setDraft(null);
      }}
      className="w-56"
    />
  );
}
