import { OctagonAlert, TriangleAlert, X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Button, IconButton } from '@/components/ui/button';
import { cn } from '@/components/ui/cn';
import type { Condition } from '@/lib/api';
import { conditionKey, putAside, useAside, useConditions, useConditionWords } from './conditions';

const most = 2;

/** What is wrong now, with the way out, above every page. */
export function ConditionStrip() {
  const { t } = useTranslation('shell');
  const { open } = useConditions();
  const aside = useAside();
  const left = open.filter((condition) => !aside.has(conditionKey(condition))).sort((a, b) => Number(b.severity === 'broken') - Number(a.severity === 'broken'));
  if (left.length === 0) return null;
  const more = left.length - most;
  return (
    <section aria-label={t('strip.label')} className="mx-auto flex w-full max-w-page flex-col gap-2 px-gutter pt-4">
      {left.slice(0, most).map((condition) => (
        <Row key={conditionKey(condition)} condition={condition} />
      ))}
      {more > 0 && <p className="m-0 px-1 text-small text-text-2">{t('strip.more', { count: more })}</p>}
    </section>
  );
}

function Row({ condition }: { condition: Condition }) {
  const { t } = useTranslation('shell');
  const words = useConditionWords()(condition);
  const broken = condition.severity === 'broken';
  const Icon = broken ? OctagonAlert : TriangleAlert;
  return (
    <div className={cn('flex items-start gap-3 rounded-card py-2 ps-3 pe-1', broken ? 'bg-bad-soft' : 'bg-warn-soft')}>
      <Icon size={16} strokeWidth={1.75} aria-hidden className={cn('mt-2', broken ? 'text-bad' : 'text-warn')} />
      <div className="flex min-w-0 grow flex-wrap items-center gap-x-3 gap-y-2 py-1">
        <p className="m-0 min-w-0 flex-[1_1_20rem] text-body text-text">
          <span className="block font-semibold">{words.title}</span>
          {words.text !== undefined && <span className="block text-small">{words.text}</span>}
        </p>
        {words.action !== undefined && (
          <Button size="sm" asChild>
            <a href={words.href}>{words.action}</a>
          </Button>
        )}
      </div>
      <IconButton label={t('strip.dismiss')} icon={<X size={16} strokeWidth={1.75} aria-hidden />} onClick={() => putAside(conditionKey(condition))} size="sm" />
    </div>
  );
}
