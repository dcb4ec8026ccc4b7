import { Cpu, KeyRound, RefreshCw, Sparkles } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocalServers } from '@/components/connect/local';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { useUseLocal } from './use-local';

/** No account yet: three ways, in this order, nothing else (dashboard 3.3). */
export function StartCard() {
  const { t } = useTranslation('home');
  const { data, isFetching, refetch } = useLocalServers();
  const local = useUseLocal();
  const found = (data?.servers ?? []).filter((server) => !server.added);
  return (
    <Card title={t('start.title')}>
      <ul className="m-0 list-none divide-y divide-border p-0">
        <Way icon={<Cpu size={20} strokeWidth={1.75} aria-hidden />} title={t('start.local')} text={found[0] ? t('start.localFound', { name: found[0].name, port: String(found[0].port) }) : t('start.localNone')}>
          {found.map((server, index) => (
            <Button key={server.baseUrl} look={index === 0 ? 'primary' : 'secondary'} loading={local.isPending} onClick={() => local.mutate(server)}>
              {t('start.localUse', { name: server.name })}
            </Button>
          ))}
          {found.length === 0 && (
            <Button onClick={() => void refetch()} loading={isFetching}>
              <RefreshCw size={16} strokeWidth={1.75} aria-hidden />
              {t('start.look')}
            </Button>
          )}
        </Way>
        <Way icon={<KeyRound size={20} strokeWidth={1.75} aria-hidden />} title={t('start.key')} text={t('start.keyText')}>
          <Button look={found.length === 0 ? 'primary' : 'secondary'} asChild>
            <a href="#/providers?add">{t('start.keyAdd')}</a>
          </Button>
        </Way>
        <Way icon={<Sparkles size={20} strokeWidth={1.75} aria-hidden />} title={t('start.demo')} text={t('start.demoText')}>
          <Button asChild>
            <a href="#/setup">{t('start.setup')}</a>
          </Button>
        </Way>
      </ul>
      {local.error && (
        <p role="alert" className="m-0 mt-2 text-small text-bad">
          {local.error.message}
        </p>
      )}
    </Card>
  );
}

function Way({ icon, title, text, children }: { icon: ReactNode; title: string; text: string; children: ReactNode }) {
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 py-3 first:pt-1 last:pb-0">
      <span className="grid size-9 shrink-0 place-items-center rounded-card bg-sunken text-text-2">{icon}</span>
      <span className="min-w-0 flex-[1_1_16rem]">
        <span className="block font-medium">{title}</span>
        <span className="block text-small text-text-2">{text}</span>
      </span>
      <span className="flex flex-wrap gap-2 max-sm:ps-13">{children}</span>
    </li>
  );
}
