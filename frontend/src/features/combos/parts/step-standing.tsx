import { useReasons } from '@/components/reasons';
import { Mark, StatusBadge } from '@/components/ui/status-badge';
import { Unplug } from 'lucide-react';
import { usePreview } from '../preview';
import { stepStatus } from '../outcome';

/** How one step is right now; a step whose account is gone keeps its place and
 * says so. */
export function StepStanding({ models, name, at }: { models: readonly string[]; name: string | undefined; at: number }) {
  const reason = useReasons();
  const { data } = usePreview(models, name);
  const rows = (data?.rows ?? []).filter((row) => row.step === at && row.model === models[at]);
  const first = rows[0];
  if (!first) return null;
  const status = stepStatus(rows);
  if (status !== null) return <StatusBadge status={status} />;
  return (
    <Mark tone="bad" icon={Unplug}>
      {reason(first.code, first.args)}
    </Mark>
  );
}
