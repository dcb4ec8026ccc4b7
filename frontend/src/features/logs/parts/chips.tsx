import { X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Button, IconButton } from '@/components/ui/button';
import { useVerb } from '@/lib/query';
import { navigate } from '@/lib/router';
import { filterNames, outcomes, spans, type FilterName, type Filters } from '../filters';

/** What narrows the list right now, each with its way out. */
export function Chips({ filters, onRemove }: { filters: Filters; onRemove: (name: FilterName) => void }) {
  const { t } = useTranslation(['logs', 'common']);
  const keys = useVerb('Keys.List', undefined, { enabled: filters.key !== '' });
  const active = filterNames.filter((name) => filters[name] !== '');
  if (active.length === 0) return null;
  const word = (name: FilterName) => {
    const value = filters[name];
    const outcome = outcomes.find((one) => one === value);
    const span = spans.find((one) => one === value);
    if (name === 'status' && outcome) return t(`outcome.${outcome}`);
    if (name === 'since' && span) return t(`since.${span}`);
    if (name === 'key') return keys.data?.keys.find((key) => key.id === value)?.name ?? value;
    return value;
  };
  return (
    <ul aria-label={t('filter.active')} className="m-0 flex list-none flex-wrap items-center gap-2 p-0">
      {active.map((name) => (
        <li key={name} className="inline-flex min-w-0 max-w-full items-center rounded-full border border-border-strong bg-surface ps-3 text-small">
          <span className="min-w-0 truncate">{t('filter.chip', { name: t(`filter.${name}`), value: word(name) })}</span>
          <IconButton label={t('filter.remove', { name: t(`filter.${name}`) })} icon={<X size={14} strokeWidth={1.75} aria-hidden />} size="sm" className="w-7 rounded-full" onClick={() => onRemove(name)} />
        </li>
      ))}
      {active.length > 1 && (
        <li>
          <Button look="link" size="sm" onClick={() => navigate('/logs/requests', { replace: true })}>
            {t('common:clearFilters')}
          </Button>
        </li>
      )}
    </ul>
  );
}
