import { useTranslation } from 'react-i18next';
import { Card } from '@/components/ui/card';
import { useVerb } from '@/lib/query';
import { modelOf, type Written } from '../draft';

/** Ready-made orders, filled from what is connected. One press fills the page;
 * Save makes it real. */
export function Templates({ onChoose }: { onChoose: (name: string, models: readonly Written[]) => void }) {
  const { t } = useTranslation('combos');
  const { data } = useVerb('Combos.Templates');
  const templates = data?.templates ?? [];
  if (data === undefined) return null;
  return (
    <Card title={t('template.title')}>
      {templates.length === 0 && <p className="m-0 text-body text-text-2">{t('template.none')}</p>}
      <ul className="m-0 flex min-w-0 list-none flex-col gap-2 p-0">
        {templates.map((template) => (
          <li key={template.code} className="min-w-0">
            <button type="button" onClick={() => onChoose(template.name, template.models)} className="flex w-full min-w-0 flex-col gap-1 rounded-control border border-border-strong bg-surface px-3 py-2 hover:bg-hover">
              <span className="text-body font-medium">{t(`template.${template.code}`)}</span>
              <span dir="ltr" className="code max-w-full truncate text-text-2">
                {template.models.map(modelOf).join(' → ')}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </Card>
  );
}
