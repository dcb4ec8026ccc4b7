import { Children, isValidElement, type ReactNode } from 'react';
import { Card } from '@/components/ui/card';
import { Field } from '@/components/ui/field';
import { useMatches } from '../find';

interface RowProps {
  label: string;
  help?: string | undefined;
  error?: string | undefined;
  /** Why the environment decides and not this page. */
  locked?: string | undefined;
  /** Other words it can be found by. */
  words?: string[];
  children: ReactNode;
}

/** One setting: label, one line, control. */
export function Row({ label, help, error, locked, children }: RowProps) {
  return (
    <Field layout="row" label={label} help={help} error={error} locked={locked}>
      {children}
    </Field>
  );
}

/** A fact that nobody changes here. */
export function Fact({ label, help, children }: { label: string; help?: string; words?: string[]; children: ReactNode }) {
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-1 py-3">
      <div className="min-w-0 flex-[1_1_10rem]">
        <span className="block font-medium">{label}</span>
        {help !== undefined && <span className="block text-small text-text-2">{help}</span>}
      </div>
      <div className="min-w-0">{children}</div>
    </div>
  );
}

/** A card of rows. While someone looks for a setting only matching rows are
 * left, and a card without any is not shown. */
export function Group({ title, busy = false, children }: { title: string; busy?: boolean; children: ReactNode }) {
  const matches = useMatches();
  const rows = Children.toArray(children).filter((child) => {
    if (!isValidElement<{ label?: string; help?: string; words?: string[] }>(child)) return false;
    const { label, help, words } = child.props;
    return matches(title, label, help, ...(words ?? []));
  });
  if (rows.length === 0) return null;
  return (
    <Card title={title} busy={busy}>
      <div className="divide-y divide-border [&>*:last-child]:pb-1">{rows}</div>
    </Card>
  );
}
