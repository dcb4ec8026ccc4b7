import { CircleX, Timer } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { Combo } from '@/lib/api';
import { useFormat } from '@/lib/format';
import { usePreview } from '../preview';

/** One line under a combo's models, only when something is wrong or it is the
 * active one: where the next request goes, or that nobody can answer. */
export function Standing({ combo }: { combo: Combo }) {
  const { t } = useTranslation('combos');
  const format = useFormat();
  const { data } = usePreview(combo.models, combo.name);
  if (data === undefined) return null;
  const first = data.rows.find((row) => row.verdict === 'would_answer');
  if (first) {
    return combo.isActive ? (
      <span className="text-small text-text-2">{t('next', { model: [first.target, first.accountName].filter(Boolean).join(' · ') })}</span>
    ) : null;
  }
  if (data.rows.length === 0) return null;
  const until = data.nextAt;
  const Icon = until === undefined ? CircleX : Timer;
  return (
    <span className={`inline-flex items-center gap-1.5 text-small ${until === undefined ? 'text-bad' : 'text-warn'}`}>
      <Icon size={14} strokeWidth={1.75} aria-hidden />
      {until === undefined ? t('nobody') : t('nobodyUntil', { time: format.clock(until) })}
    </span>
  );
}
