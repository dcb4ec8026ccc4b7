import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Menu, MenuChoice, MenuChoiceItem, MenuLabel, MenuLine, MenuLink } from '@/components/ui/menu';
import { Skeleton } from '@/components/ui/states';
import { useGateway } from './use-gateway';

/** Chooses the active combo. The list is fetched when the menu opens. */
export function ComboMenu({ trigger, side, align }: { trigger: ReactNode; side?: 'top' | 'bottom'; align?: 'start' | 'end' }) {
  const { t } = useTranslation('shell');
  const [open, setOpen] = useState(false);
  const { status, combos, activate } = useGateway(open);
  const active = combos.find((combo) => combo.isActive);
  return (
    <Menu label={t('combo.switch')} trigger={trigger} onOpenChange={setOpen} {...(side ? { side } : {})} {...(align ? { align } : {})}>
      <MenuLabel>{t('combo.label')}</MenuLabel>
      {combos.length === 0 && status !== undefined && status.combos > 0 && <Skeleton lines={Math.min(status.combos, 4)} className="px-2" />}
      <MenuChoice label={t('combo.switch')} value={active?.id ?? ''} onChange={activate}>
        {combos.map((combo) => (
          <MenuChoiceItem key={combo.id} value={combo.id}>
            {combo.name}
          </MenuChoiceItem>
        ))}
      </MenuChoice>
      <MenuLine />
      <MenuLink href="#/combos">{t('combo.all')}</MenuLink>
    </Menu>
  );
}
