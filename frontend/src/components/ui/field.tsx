import { CircleAlert, Lock } from 'lucide-react';
import { useId, useMemo, type ReactNode } from 'react';
import { cn } from './cn';
import { FieldContext } from './field-context';

interface FieldProps {
  label: ReactNode;
  /** One line below the control. */
  help?: ReactNode;
  /** What is wrong, under the control. */
  error?: string | undefined;
  /** Why it cannot be changed here (a variable of the environment decides). */
  locked?: string | undefined;
  /** `row` puts the control at the end of the line, as settings do. */
  layout?: 'column' | 'row';
  className?: string;
  children: ReactNode;
}

/** Label above, help below, error below that; every control of ui/ inside it
 * is wired to all three by itself. */
export function Field({ label, help, error, locked, layout = 'column', className, children }: FieldProps) {
  const base = useId();
  const ids = useMemo(() => {
    const described = [help !== undefined && `${base}-help`, locked !== undefined && `${base}-lock`, error !== undefined && `${base}-error`].filter(Boolean);
    return { id: base, labelId: `${base}-label`, describedBy: described.length > 0 ? described.join(' ') : undefined, invalid: error !== undefined, disabled: locked !== undefined };
  }, [base, help, error, locked]);
  const words = (
    <>
      {help !== undefined && (
        <p id={`${base}-help`} className="m-0 text-small text-text-2">
          {help}
        </p>
      )}
      {locked !== undefined && (
        <p id={`${base}-lock`} className="m-0 mt-0.5 flex items-start gap-1.5 text-small text-text-2">
          <Lock size={14} strokeWidth={1.75} aria-hidden className="mt-0.5" />
          {locked}
        </p>
      )}
      {error !== undefined && (
        <p id={`${base}-error`} className="m-0 mt-0.5 flex items-start gap-1.5 text-small text-bad">
          <CircleAlert size={14} strokeWidth={1.75} aria-hidden className="mt-0.5" />
          {error}
        </p>
      )}
    </>
  );
  const name = (
    <label id={`${base}-label`} htmlFor={base} className="text-body font-medium text-text">
      {label}
    </label>
  );
  return (
    <FieldContext value={ids}>
      {layout === 'row' ? (
        <div className={cn('flex flex-wrap items-center justify-between gap-x-6 gap-y-2 py-3', className)}>
          <div className="min-w-0 flex-[1_1_12rem]">
            {name}
            {words}
          </div>
          {children}
        </div>
      ) : (
        <div className={cn('flex flex-col gap-1', className)}>
          {name}
          {children}
          {words}
        </div>
      )}
    </FieldContext>
  );
}
