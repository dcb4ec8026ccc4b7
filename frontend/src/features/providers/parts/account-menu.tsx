import { Box, Ellipsis, KeyRound, Pencil, Power, RotateCcw, Stethoscope, Trash2, type LucideIcon } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { IconButton } from '@/components/ui/button';
import { Menu, MenuItem, MenuLine, MenuLink } from '@/components/ui/menu';
import type { Connection } from '@/lib/api';
import type { RowHandlers } from './account-row';

const icon = (Icon: LucideIcon) => <Icon size={16} strokeWidth={1.75} aria-hidden />;

export function AccountMenu({ account, handlers }: { account: Connection; handlers: RowHandlers }) {
  const { t } = useTranslation(['providers', 'common']);
  const { actions } = handlers;
  const resting = account.status === 'breaker-open' || account.status === 'cooling' || account.status === 'probing' || account.status === 'out-of-quota';
  const label = t('common:menuFor', { name: account.name });
  return (
    <Menu label={label} trigger={<IconButton data-menu label={label} tooltip={false} icon={icon(Ellipsis)} />}>
      <MenuItem icon={icon(Stethoscope)} onSelect={() => void actions.test(account)}>
        {t('menu.test')}
      </MenuItem>
      <MenuItem icon={icon(Pencil)} onSelect={() => handlers.onRename(account)}>
        {t('menu.rename')}
      </MenuItem>
      {account.kind === 'apikey' && (
        <MenuItem icon={icon(KeyRound)} onSelect={() => handlers.onKey(account)}>
          {t('menu.key')}
        </MenuItem>
      )}
      {resting && (
        <MenuItem icon={icon(RotateCcw)} onSelect={() => void actions.release(account)}>
          {t('menu.reset')}
        </MenuItem>
      )}
      <MenuItem icon={icon(Power)} onSelect={() => void actions.toggle(account)}>
        {account.isActive ? t('menu.off') : t('menu.on')}
      </MenuItem>
      <MenuLink icon={icon(Box)} href={`#/providers/${encodeURIComponent(account.provider)}/models`}>
        {t('menu.models')}
      </MenuLink>
      <MenuLine />
      <MenuItem icon={icon(Trash2)} danger onSelect={() => void actions.remove(account)}>
        {t('menu.remove')}
      </MenuItem>
    </Menu>
  );
}
