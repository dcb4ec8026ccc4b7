import { ArrowRight, ChevronDown } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useGateway } from '@/components/shell/use-gateway';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Menu, MenuChoice, MenuChoiceItem } from '@/components/ui/menu';
import { EmptyState, ErrorState, Skeleton } from '@/components/ui/states';
import { Code, TextLink } from '@/components/ui/text';
import { useVerb } from '@/lib/query';

const most = 4;
const nameOf = (model: string | { model: string }) => (typeof model === 'string' ? model : model.model);
/** prefix/model@account → prefix/model */
const withoutAccount = (target: string) => target.replace(/@[^@/]*$/, '');

/** What answers to `auto`, in order, and who would get the next request. */
export function ComboCard() {
  const { t } = useTranslation('home');
  const { data, error, refetch } = useVerb('Combos.List');
  const { activate } = useGateway();
  const active = data?.combos.find((combo) => combo.isActive);
  const { data: plan } = useVerb('Routing.Explain', { model: 'auto' }, { enabled: active !== undefined, keep: true });
  const next = plan?.candidates[0];
  const more = (active?.models.length ?? 0) - most;
  const others = (data?.combos.length ?? 0) > 1;
  return (
    <Card
      title={active ? `${t('combo.title')}: ${active.name}` : t('combo.title')}
      busy={!error && data === undefined}
      action={
        active &&
        others && (
          <Menu
            label={t('combo.switch')}
            trigger={
              <Button size="sm">
                {t('combo.switch')}
                <ChevronDown size={14} strokeWidth={1.75} aria-hidden />
              </Button>
            }
          >
            <MenuChoice label={t('combo.switch')} value={active.id} onChange={activate}>
              {data?.combos.map((combo) => (
                <MenuChoiceItem key={combo.id} value={combo.id}>
                  {combo.name}
                </MenuChoiceItem>
              ))}
            </MenuChoice>
          </Menu>
        )
      }
    >
      {error && <ErrorState error={error} onRetry={() => void refetch()} />}
      {!error && data === undefined && <Skeleton lines={3} />}
      {data !== undefined && !active && (
        <EmptyState
          className="py-4"
          text={t('combo.none')}
          action={
            <Button asChild>
              <a href="#/combos/new">{t('combo.new')}</a>
            </Button>
          }
        />
      )}
      {active && (
        <>
          <ol className="m-0 flex list-none flex-col gap-2 p-0">
            {active.models.slice(0, most).map((model, index) => (
              <li key={nameOf(model)} className="flex items-center gap-2">
                <span className="figures w-4 text-text-3">{index + 1}</span>
                <Code className="min-w-0 truncate">{nameOf(model)}</Code>
              </li>
            ))}
          </ol>
          {more > 0 && (
            <TextLink href={`#/combos/${encodeURIComponent(active.id)}`} className="mt-1 self-start text-small">
              {t('combo.more', { count: more })}
            </TextLink>
          )}
          <p className="m-0 mt-auto flex items-center gap-2 pt-4 text-small text-text-2">
            {t('combo.next')}
            <ArrowRight size={14} strokeWidth={1.75} aria-hidden className="mirror shrink-0" />
            {next ? <Code className="min-w-0 truncate text-text">{withoutAccount(next.target)}</Code> : plan && <span className="text-bad">{t('combo.nobody')}</span>}
          </p>
        </>
      )}
    </Card>
  );
}
