import { ListFilter } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { Select } from '@/components/ui/choice';
import { Field } from '@/components/ui/field';
import { Input } from '@/components/ui/input';
import { Popover } from '@/components/ui/popover';
import { useVerb } from '@/lib/query';
import { outcomes, spans, type FilterName, type Filters } from '../filters';

/** Radix keeps the empty value for itself. */
const any = '*';

interface FilterMenuProps {
  filters: Filters;
  onChange: (changes: Record<string, string | null>) => void;
}

export function FilterMenu({ filters, onChange }: FilterMenuProps) {
  const { t } = useTranslation(['logs', 'common']);
  return (
    <Popover
      label={t('filter.title')}
      trigger={
        <Button>
          <ListFilter size={16} strokeWidth={1.75} aria-hidden />
          {t('common:filter')}
        </Button>
      }
    >
      <Choices filters={filters} onChange={onChange} />
    </Popover>
  );
}

function Choices({ filters, onChange }: FilterMenuProps) {
  const { t } = useTranslation('logs');
  const accounts = useVerb('Providers.List');
  const keys = useVerb('Keys.List');
  const combos = useVerb('Combos.List');
  const prefixes = [...new Set((accounts.data?.connections ?? []).map((one) => one.prefix))].sort();
  const choice = (name: FilterName, options: { value: string; label: string }[]) => {
    const value = filters[name];
    // What came by the address may be no longer in the list; it stays visible.
    const known = value === '' || options.some((option) => option.value === value) ? options : [...options, { value, label: value }];
    return (
      <Field label={t(`filter.${name}`)}>
        <Select value={value === '' ? any : value} onChange={(next) => onChange({ [name]: next === any ? null : next })} options={[{ value: any, label: t('filter.any') }, ...known]} />
      </Field>
    );
  };
  const named = (list: readonly string[]) => list.map((value) => ({ value, label: value }));
  return (
    <div className="flex flex-col gap-3">
      {choice(
        'status',
        outcomes.map((value) => ({ value, label: t(`outcome.${value}`) })),
      )}
      {choice(
        'since',
        spans.map((value) => ({ value, label: t(`since.${value}`) })),
      )}
      <Field label={t('filter.model')}>
        <Input code value={filters.model} onChange={(event) => onChange({ model: event.target.value })} />
      </Field>
      {choice('provider', named(prefixes))}
      {choice(
        'key',
        (keys.data?.keys ?? []).map((key) => ({ value: key.id, label: key.name })),
      )}
      {choice('combo', named((combos.data?.combos ?? []).map((combo) => combo.name)))}
    </div>
  );
}
