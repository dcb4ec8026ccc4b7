import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { CopyButton } from '@/components/ui/copy-button';
import { Dialog } from '@/components/ui/overlay';
import { Code } from '@/components/ui/text';
import type { IssuedKey } from '@/lib/api';

/** The only time a key's text is on screen; it is nowhere else in the page. */
export function Issued({ issued, onClose }: { issued: IssuedKey; onClose: () => void }) {
  const { t } = useTranslation('keys');
  return (
    <Dialog
      open
      sticky
      onOpenChange={onClose}
      title={t('issued.title', { name: issued.name })}
      text={t('issued.once')}
      footer={
        <>
          <Button onClick={onClose}>{t('issued.done')}</Button>
          <CopyButton look="primary" text={issued.key} label={t('issued.copy')} autoFocus />
        </>
      }
    >
      <Code aria-label={t('issued.label')} role="textbox" aria-readonly tabIndex={0} className="block select-all rounded-control bg-sunken px-3 py-2 break-all">
        {issued.key}
      </Code>
      <p className="mt-3 mb-0 text-small text-text-2">{t('issued.use')}</p>
    </Dialog>
  );
}
