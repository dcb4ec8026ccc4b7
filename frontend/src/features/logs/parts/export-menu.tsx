import { Download } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { Menu, MenuItem } from '@/components/ui/menu';
import { toast } from '@/components/ui/toaster';
import { useFormat } from '@/lib/format';
import { saveFile } from '@/lib/platform';
import { useAct } from '@/lib/query';
import { inputOf, type Filters } from '../filters';

/** The filtered requests as a file. */
export function ExportMenu({ filters }: { filters: Filters }) {
  const { t } = useTranslation(['logs', 'common']);
  const format = useFormat();
  const write = useAct('Logs.Export');
  const save = async (kind: 'csv' | 'json') => {
    const file = await write.mutateAsync({ ...inputOf(filters, '', 0, new Date()), format: kind });
    await saveFile(file.name, file.type, file.text);
    toast.say(file.complete ? t('export.done', { count: file.rows }) : t('export.capped', { n: format.count(file.rows) }));
  };
  return (
    <Menu
      label={t('common:export')}
      trigger={
        <Button loading={write.isPending}>
          <Download size={16} strokeWidth={1.75} aria-hidden />
          {t('common:export')}
        </Button>
      }
    >
      <MenuItem onSelect={() => void save('csv').catch(toast.failed)}>{t('export.csv')}</MenuItem>
      <MenuItem onSelect={() => void save('json').catch(toast.failed)}>{t('export.json')}</MenuItem>
    </Menu>
  );
}
