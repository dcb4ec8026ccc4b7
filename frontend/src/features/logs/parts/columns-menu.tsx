import { Columns3 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import type { Column } from '@/components/ui/data-table';
import { Menu, MenuCheckItem, MenuLabel } from '@/components/ui/menu';
import { phone, useMedia } from '@/lib/media';
import type { CallLog } from '@/lib/api';
import { hiddenAtFirst } from '../columns';

const stored = 'omniroute.logs.hidden';

function remembered(): readonly string[] {
  try {
    const list: unknown = JSON.parse(window.localStorage.getItem(stored) ?? 'null');
    return Array.isArray(list) && list.every((id) => typeof id === 'string') ? list : hiddenAtFirst;
  } catch {
    return hiddenAtFirst;
  }
}

/** Which columns are off, remembered on this machine. */
export function useHiddenColumns(): [readonly string[], (hidden: readonly string[]) => void] {
  const [hidden, setHidden] = useState(remembered);
  return [
    hidden,
    (next) => {
      setHidden(next);
      try {
        window.localStorage.setItem(stored, JSON.stringify(next));
      } catch {
        // Then it is as at first the next time.
      }
    },
  ];
}

interface ColumnsMenuProps {
  columns: readonly Column<CallLog>[];
  hidden: readonly string[];
  onChange: (hidden: readonly string[]) => void;
}

export function ColumnsMenu({ columns, hidden, onChange }: ColumnsMenuProps) {
  const { t } = useTranslation(['logs', 'common']);
  const cards = useMedia(phone);
  if (cards) return null;
  const shown = columns.length - hidden.length;
  return (
    <Menu
      label={t('columns')}
      trigger={
        <Button>
          <Columns3 size={16} strokeWidth={1.75} aria-hidden />
          {t('common:columns')}
        </Button>
      }
    >
      <MenuLabel>{t('columns')}</MenuLabel>
      {columns.map((column) => {
        const on = !hidden.includes(column.id);
        return (
          <MenuCheckItem
            key={column.id}
            checked={on}
            onChange={(next) => {
              // The last column stays: a table without one says nothing.
              if (next || shown > 1) onChange(next ? hidden.filter((id) => id !== column.id) : [...hidden, column.id]);
            }}
          >
            {column.header}
          </MenuCheckItem>
        );
      })}
    </Menu>
  );
}
