import { Bell as BellIcon, CircleCheck, OctagonAlert, TriangleAlert } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { IconButton } from '@/components/ui/button';
import { cn } from '@/components/ui/cn';
import { Popover } from '@/components/ui/popover';
import type { Condition, ConditionEdge } from '@/lib/api';
import { useFormat } from '@/lib/format';
import { conditionKey, useConditions, useConditionWords } from './conditions';

/** Open conditions first, then what came and went lately. */
export function Bell() {
  const { t } = useTranslation('shell');
  const [shown, setShown] = useState(false);
  const { open, recent } = useConditions(shown);
  const close = () => setShown(false);
  const label = open.length > 0 ? `${t('bell.label')}: ${t('badge', { count: open.length })}` : t('bell.label');
  return (
    <Popover
      label={t('bell.label')}
      open={shown}
      onOpenChange={setShown}
      className="p-1"
      trigger={
        <IconButton
          label={label}
          tooltip={false}
          icon={
            <>
              <BellIcon size={16} strokeWidth={1.75} aria-hidden />
              {open.length > 0 && (
                <span aria-hidden className="figures absolute end-0 top-0 min-w-4 rounded-full bg-bad px-1 text-center text-caption leading-4 text-surface">
                  {open.length}
                </span>
              )}
            </>
          }
        />
      }
    >
      {open.length === 0 && (
        <p className="m-0 flex items-center gap-2 px-2 py-3 text-body text-text-2">
          <CircleCheck size={16} strokeWidth={1.75} aria-hidden className="text-ok" />
          {t('bell.empty')}
        </p>
      )}
      {open.length > 0 && <List title={t('bell.open')}>{open.map((condition) => <Entry key={conditionKey(condition)} condition={condition} onFollow={close} />)}</List>}
      {recent.length > 0 && <List title={t('bell.recent')}>{recent.map((edge) => <Entry key={`${conditionKey(edge)} ${edge.at} ${edge.open}`} condition={edge} onFollow={close} />)}</List>}
    </Popover>
  );
}

function List({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section>
      <h2 className="m-0 px-2 pt-2 pb-1 text-caption font-medium text-text-3">{title}</h2>
      <ul className="m-0 list-none p-0">{children}</ul>
    </section>
  );
}

function Entry({ condition, onFollow }: { condition: Condition | ConditionEdge; onFollow: () => void }) {
  const format = useFormat();
  const words = useConditionWords()(condition);
  const over = 'open' in condition && !condition.open;
  const at = 'at' in condition ? condition.at : condition.since;
  const Icon = over ? CircleCheck : condition.severity === 'broken' ? OctagonAlert : TriangleAlert;
  const tone = over ? 'text-ok' : condition.severity === 'broken' ? 'text-bad' : 'text-warn';
  const body = (
    <>
      <Icon size={16} strokeWidth={1.75} aria-hidden className={cn('mt-0.5', tone)} />
      <span className="min-w-0 grow">
        <span className="block text-body text-text">{over ? words.over : words.title}</span>
        {!over && words.text !== undefined && <span className="block text-small text-text-2">{words.text}</span>}
      </span>
      <span className="figures shrink-0 text-caption text-text-3" title={format.full(at)}>
        {format.when(at)}
      </span>
    </>
  );
  const look = 'flex items-start gap-2 rounded-control px-2 py-2 no-underline';
  return (
    <li>
      {words.href === undefined ? (
        <div className={look}>{body}</div>
      ) : (
        <a href={words.href} onClick={onFollow} className={cn(look, 'hover:bg-hover')}>
          {body}
        </a>
      )}
    </li>
  );
}
