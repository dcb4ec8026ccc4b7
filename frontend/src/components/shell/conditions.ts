import { useSyncExternalStore } from 'react';
import type { Condition, ConditionEdge } from '@/lib/api';
import { useFormat } from '@/lib/format';
import { useCodeWords } from '@/lib/i18n';
import { useVerb } from '@/lib/query';

export const conditionKey = (condition: Condition | ConditionEdge) => `${condition.code} ${condition.subject.kind} ${condition.subject.id} ${condition.since}`;

/** The page a condition's way out leads to. */
const pageOf: Record<string, string> = { open_providers: 'providers', open_account: 'providers', open_combos: 'combos', open_settings: 'settings', open_logs: 'logs' };

/** Asked for only while there are any, or while someone looks (`wanted`). */
export function useConditions(wanted = false): { open: readonly Condition[]; recent: readonly ConditionEdge[]; badges: Readonly<Record<string, number>> } {
  const { data: status } = useVerb('System.Status');
  const some = (status?.conditions ?? 0) > 0;
  const { data } = useVerb('Health.Conditions', undefined, { enabled: some || wanted });
  const open = some || wanted ? (data?.conditions ?? []) : [];
  const badges: Record<string, number> = {};
  for (const condition of open) {
    const page = condition.action && pageOf[condition.action.label];
    if (page !== undefined) badges[page] = (badges[page] ?? 0) + 1;
  }
  return { open, recent: data?.recent ?? [], badges };
}

const isTime = /^\d{4}-\d\d-\d\dT/;

/** Title, sentence and the label of the way out, in the person's language. */
export function useConditionWords(): (condition: Condition | ConditionEdge) => { title: string; over: string; text: string | undefined; action: string | undefined; href: string | undefined } {
  const words = useCodeWords('conditions');
  const format = useFormat();
  return (condition) => {
    const given = Object.fromEntries(Object.entries(condition.args).map(([name, value]) => [name, isTime.test(value) ? format.clock(value) : value]));
    const args = { name: condition.subject.name, detail: condition.detail, time: condition.until === undefined ? '' : format.clock(condition.until), ...given };
    const title = words(`${condition.code}.title`, args) ?? condition.code;
    return {
      title,
      over: words(`${condition.code}.over`, args) ?? title,
      text: words(`${condition.code}.text`, args),
      action: condition.action && words(`action.${condition.action.label}`),
      href: condition.action && `#${condition.action.route.replace(/^#/, '')}`,
    };
  };
}

// What the person has put aside for now. It comes back with the next episode.
const aside = new Set<string>();
const listeners = new Set<() => void>();
let version = 0;

export function putAside(key: string): void {
  aside.add(key);
  version++;
  listeners.forEach((tell) => tell());
}

export function useAside(): ReadonlySet<string> {
  useSyncExternalStore(
    (tell) => {
      listeners.add(tell);
      return () => listeners.delete(tell);
    },
    () => version,
  );
  return aside;
}
