import { Pencil, Trash2 } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useFaultText } from '@/components/fault-text';
import { OutsideLink } from '@/components/outside-link';
import { Button } from '@/components/ui/button';
import { CopyButton } from '@/components/ui/copy-button';
import { toast } from '@/components/ui/toaster';
import { Code } from '@/components/ui/text';
import { call, type Node } from '@/lib/api';
import { useAct } from '@/lib/query';
import { navigate } from '@/lib/router';
import type { Upstream } from '../upstreams';
import { EndpointDialog } from './endpoint-dialog';

/** What is true of all accounts of a provider. */
export function DetailHead({ upstream }: { upstream: Upstream }) {
  const { t } = useTranslation(['providers', 'common']);
  const address = upstream.node?.baseUrl ?? upstream.accounts[0]?.baseUrl ?? upstream.entry?.baseUrl ?? '';
  return (
    <div className="flex flex-wrap items-center gap-x-8 gap-y-2">
      <dl className="m-0 flex min-w-0 flex-wrap gap-x-8 gap-y-2">
        <Fact name={t('detail.prefix')}>
          <Code>{upstream.prefix}</Code>
        </Fact>
        {address !== '' && (
          <Fact name={t('detail.address')}>
            <Code className="min-w-0">{address}</Code>
            <CopyButton iconOnly size="sm" text={address} label={t('common:copy')} />
          </Fact>
        )}
      </dl>
      <span className="flex flex-wrap items-center gap-x-4 gap-y-1">
        {(upstream.entry?.website ?? '') !== '' && <OutsideLink href={upstream.entry?.website ?? ''}>{t('detail.website')}</OutsideLink>}
        {(upstream.entry?.keyUrl ?? '') !== '' && <OutsideLink href={upstream.entry?.keyUrl ?? ''}>{t('detail.keys')}</OutsideLink>}
      </span>
      {upstream.node && <Endpoint node={upstream.node} />}
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex min-w-0 items-center gap-2">
      <dt className="shrink-0 text-text-2">{name}</dt>
      <dd className="m-0 flex min-w-0 items-center gap-1">{children}</dd>
    </div>
  );
}

/** An endpoint of the person's own can be changed and removed. */
function Endpoint({ node }: { node: Node }) {
  const { t } = useTranslation('providers');
  const [edited, setEdited] = useState(false);
  const remove = useAct('Nodes.Delete');
  const say = useFaultText();
  return (
    <span className="ms-auto flex flex-wrap gap-2">
      <Button size="sm" aria-haspopup="dialog" onClick={() => setEdited(true)}>
        <Pencil size={16} strokeWidth={1.75} aria-hidden />
        {t('detail.edit')}
      </Button>
      <Button
        size="sm"
        loading={remove.isPending}
        onClick={() =>
          remove.mutate(
            { id: node.id },
            {
              onSuccess: () => {
                toast.undo(t('toast.endpointRemoved', { name: node.name }), () => call('Nodes.Restore', { id: node.id }));
                navigate('/providers');
              },
              onError: (fault) => toast.say(say(fault)),
            },
          )
        }
      >
        <Trash2 size={16} strokeWidth={1.75} aria-hidden />
        {t('detail.remove')}
      </Button>
      <EndpointDialog node={edited ? node : null} onClose={() => setEdited(false)} />
    </span>
  );
}
