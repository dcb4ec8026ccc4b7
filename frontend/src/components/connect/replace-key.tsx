import { useTranslation } from 'react-i18next';
import { Dialog } from '@/components/ui/overlay';
import { toast } from '@/components/ui/toaster';
import type { Connection } from '@/lib/api';
import { KeyForm } from './key-form';

/** A new key for an account that stays what it is. */
export function ReplaceKeyDialog({ account, keyUrl = '', onClose }: { account: Connection | null; keyUrl?: string; onClose: () => void }) {
  const { t } = useTranslation('connect');
  return (
    <Dialog open={account !== null} onOpenChange={(open) => !open && onClose()} title={t('title.replace', { name: account?.name ?? '' })} size="md">
      {account && (
        <KeyForm
          target={{ id: account.provider, name: account.providerName, prefix: account.prefix, kinds: ['apikey'], keyUrl, baseUrl: account.baseUrl ?? '', params: [], freeNote: '', priceNote: '', group: account.group }}
          account={account}
          onDone={({ name }) => {
            toast.say(t('replaced', { name }));
            onClose();
          }}
        />
      )}
    </Dialog>
  );
}
