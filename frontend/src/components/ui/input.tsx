import { Eye, EyeOff, Search, X } from 'lucide-react';
import { useState, type ComponentProps } from 'react';
import { useTranslation } from 'react-i18next';
import { IconButton } from './button';
import { cn } from './cn';
import { useField } from './field-context';

const box =
  'w-full min-w-0 min-h-control rounded-control border border-border-strong bg-surface px-3 py-1 text-body text-text aria-invalid:border-bad disabled:border-border disabled:bg-sunken disabled:text-text-3 read-only:bg-sunken';

export interface InputProps extends ComponentProps<'input'> {
  /** Addresses, model names, keys: fixed width and never mirrored. */
  code?: boolean;
}

/** A line of text. Inside a Field it finds label, help and error by itself;
 * outside it needs `aria-label`. */
export function Input({ code = false, className, ...rest }: InputProps) {
  const field = useField();
  return (
    <input
      id={field?.id}
      aria-describedby={field?.describedBy}
      aria-invalid={field?.invalid || undefined}
      disabled={field?.disabled}
      autoComplete="off"
      autoCapitalize="off"
      spellCheck={false}
      {...(code ? { dir: 'ltr' } : {})}
      className={cn(box, code && 'code', className)}
      {...rest}
    />
  );
}

export function Textarea({ code = false, className, ...rest }: ComponentProps<'textarea'> & { code?: boolean }) {
  const field = useField();
  return (
    <textarea
      id={field?.id}
      aria-describedby={field?.describedBy}
      aria-invalid={field?.invalid || undefined}
      disabled={field?.disabled}
      spellCheck={false}
      {...(code ? { dir: 'ltr' } : {})}
      className={cn(box, 'min-h-24 py-2', code && 'code', className)}
      {...rest}
    />
  );
}

/** A password or key. Never remembered by the browser; can be looked at. */
export function SecretInput({ className, ...rest }: InputProps) {
  const { t } = useTranslation('common');
  const [seen, setSeen] = useState(false);
  return (
    <span className={cn('relative block w-full', className)}>
      <Input type={seen ? 'text' : 'password'} code autoComplete="off" data-1p-ignore data-lpignore="true" className="pe-10" {...rest} />
      <IconButton
        label={seen ? t('secret.hide') : t('secret.show')}
        aria-pressed={seen}
        icon={seen ? <EyeOff size={16} strokeWidth={1.75} aria-hidden /> : <Eye size={16} strokeWidth={1.75} aria-hidden />}
        onClick={() => setSeen(!seen)}
        className="absolute end-0 top-0"
      />
    </span>
  );
}

interface SearchInputProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  placeholder?: string;
  /** Where a dialog begins. */
  autoFocus?: boolean;
  className?: string;
}

/** The page's search; `/` finds it. */
export function SearchInput({ label, value, onChange, placeholder, autoFocus = false, className }: SearchInputProps) {
  const { t } = useTranslation('common');
  return (
    <span role="search" className={cn('relative block', className)}>
      <Search size={16} strokeWidth={1.75} aria-hidden className="absolute start-2.5 top-1/2 -translate-y-1/2 text-text-3" />
      <Input
        type="text"
        inputMode="search"
        enterKeyHint="search"
        aria-label={label}
        autoFocus={autoFocus}
        data-page-search
        placeholder={placeholder ?? label}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && value !== '') {
            event.stopPropagation();
            onChange('');
          }
        }}
        className="ps-8 pe-9"
      />
      {value !== '' && <IconButton label={t('clear')} icon={<X size={16} strokeWidth={1.75} aria-hidden />} onClick={() => onChange('')} className="absolute end-0 top-0" tooltip={false} />}
    </span>
  );
}

/** Reads 1.5k, 2m, 1,000. null = no number. Exported for its test. */
export function readNumber(text: string): number | null {
  const match = /^\s*(-?[\d.,\s]*\d)\s*([km]?)\s*$/i.exec(text);
  if (!match) return null;
  const digits = (match[1] ?? '').replace(/[,\s](?=\d{3}(\D|$))/g, '').replace(',', '.');
  const n = Number(digits);
  if (!Number.isFinite(n)) return null;
  const scale = { k: 1_000, m: 1_000_000 }[(match[2] ?? '').toLowerCase()] ?? 1;
  return n * scale;
}

interface NumberInputProps {
  value: number;
  onChange: (value: number) => void;
  /** Shown in the field's end: ms, %, /min. */
  unit?: string;
  min?: number;
  max?: number;
  label?: string;
  className?: string;
}

/** A number with its unit; takes 1.5k; keeps to min and max on blur. */
export function NumberInput({ value, onChange, unit, min = 0, max = Number.MAX_SAFE_INTEGER, label, className }: NumberInputProps) {
  const [draft, setDraft] = useState<string | null>(null);
  const settle = () => {
    const read = draft === null ? null : readNumber(draft);
    if (read !== null) onChange(Math.min(max, Math.max(min, read)));
    setDraft(null);
  };
  return (
    <span className={cn('relative inline-block w-32', className)}>
      <Input
        inputMode="decimal"
        aria-label={label}
        value={draft ?? String(value)}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={settle}
        onKeyDown={(event) => {
          if (event.key === 'Enter') settle();
        }}
        className={cn('figures text-end', unit !== undefined && 'pe-12')}
      />
      {unit !== undefined && <span className="pointer-events-none absolute end-3 top-1/2 -translate-y-1/2 text-small text-text-3">{unit}</span>}
    </span>
  );
}
