import { Command } from 'cmdk';
import { Check, Plus } from 'lucide-react';
import { useDeferredValue, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { PickModel } from '@/lib/api';
import { useFormat } from '@/lib/format';
import { useVerb } from '@/lib/query';
import { ModelChip } from './model-chip';
import { cn } from './ui/cn';
import { LoadingBar } from './ui/card';
import { ErrorState } from './ui/states';
import { StatusBadge } from './ui/status-badge';

interface ModelPickerProps {
  /** Name of the search field. */
  label: string;
  /** Models that are chosen already: marked, and not offered twice. */
  taken?: readonly string[];
  /** A combo and the name auto that must not be offered: a combo cannot hold
   * itself. */
  without?: string | undefined;
  /** What is typed may also be a pattern such as glm/*. */
  patterns?: boolean;
  autoFocus?: boolean;
  onPick: (model: string, pick?: PickModel) => void;
  className?: string;
}

/** How many are shown at once; typing narrows. */
const shownAtOnce = 60;

/** Everything that can be called, found by typing: context, price, and how it
 * is right now. Stays open, so that several can be picked one after another. */
export function ModelPicker({ label, taken = [], without, patterns = false, autoFocus = false, onPick, className }: ModelPickerProps) {
  const { t } = useTranslation('combos');
  const [text, setText] = useState('');
  const [marked, setMarked] = useState('');
  const query = useDeferredValue(text.trim());
  const { data, error, isFetching, refetch } = useVerb('Models.Pick', { query, limit: shownAtOnce, combos: true }, { keep: true });
  const picks = (data?.models ?? []).filter((pick) => without === undefined || (pick.id !== without && pick.kind !== 'auto'));
  const typed = text.trim();
  const custom = patterns && typed !== '' && !picks.some((pick) => pick.id === typed) && !taken.includes(typed);
  const groups = (['combo', 'model', 'demo'] as const).map((kind) => ({ kind, picks: picks.filter((pick) => pick.kind === kind || (kind === 'combo' && pick.kind === 'auto')) })).filter((group) => group.picks.length > 0);
  // The list arrives after the letters: what was marked may be gone by then,
  // and Enter must still mean the first one.
  const choices = [...(custom ? [typedValue(typed)] : []), ...groups.flatMap((group) => group.picks.map((one) => one.id)).filter((id) => !taken.includes(id))];
  const current = choices.includes(marked) ? marked : (choices[0] ?? '');
  const pick = (id: string, found?: PickModel) => {
    if (taken.includes(id)) return;
    onPick(id, found);
  };
  return (
    <Command label={label} shouldFilter={false} loop value={current} onValueChange={setMarked} className={cn('group/picker flex min-h-0 flex-col', className)}>
      <Command.Input
        value={text}
        onValueChange={setText}
        autoFocus={autoFocus}
        placeholder={t('picker.search')}
        className="min-h-10 w-full shrink-0 rounded-none border-0 border-b border-border bg-transparent px-3 text-body focus-visible:outline-offset-[-2px]"
      />
      <LoadingBar on={isFetching && data === undefined} />
      {error && <ErrorState error={error} onRetry={() => void refetch()} className="px-3" />}
      <Command.List className="min-h-0 grow overflow-y-auto p-1" aria-label={label}>
        {data !== undefined && picks.length === 0 && !custom && <p className="m-0 px-3 py-6 text-center text-body text-text-2">{typed === '' ? t('picker.none') : t('picker.noMatch')}</p>}
        {custom && (
          <Command.Item
            value={typedValue(typed)}
            onSelect={() => {
              pick(typed);
              setText('');
            }}
            className={item}
          >
            <Plus size={14} strokeWidth={1.75} aria-hidden />
            {t('picker.use', { name: typed })}
          </Command.Item>
        )}
        {groups.map(({ kind, picks: list }) => (
          <Command.Group key={kind} heading={t(`picker.${kind}`)} className="text-caption text-text-3 [&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1">
            {list.map((one) => (
              <Command.Item key={one.id} value={one.id} disabled={taken.includes(one.id)} onSelect={() => pick(one.id, one)} className={item}>
                <Row pick={one} taken={taken.includes(one.id)} />
              </Command.Item>
            ))}
          </Command.Group>
        ))}
        {data !== undefined && data.total > picks.length && picks.length >= shownAtOnce && <p className="m-0 px-3 py-2 text-small text-text-3">{t('picker.more', { count: data.total - picks.length })}</p>}
      </Command.List>
    </Command>
  );
}

const typedValue = (typed: string) => `typed ${typed}`;

const item =
  'flex min-h-9 cursor-pointer items-center gap-2 rounded-control px-2 py-1 text-body text-text hover:bg-hover group-focus-within/picker:data-[selected=true]:bg-hover data-[disabled=true]:cursor-default data-[disabled=true]:text-text-3 pointer-coarse:min-h-11';

function Row({ pick, taken }: { pick: PickModel; taken: boolean }) {
  const { t } = useTranslation(['combos', 'common']);
  const format = useFormat();
  const price = ({ priceBasis, inputMicros, outputMicros }: PickModel) => {
    if (priceBasis === 'free') return t('common:money.free');
    if (priceBasis === 'plan' || priceBasis === 'reference') return t('common:money.included');
    if (inputMicros === null || outputMicros === null) return t('common:money.unpriced');
    return t('picker.price', { input: format.money(inputMicros), output: format.money(outputMicros) });
  };
  const facts = [pick.providerName === '' ? null : pick.providerName, pick.contextLength === null ? null : t('picker.context', { tokens: format.tokens(pick.contextLength) }), pick.kind === 'model' ? price(pick) : null].filter((fact) => fact !== null);
  return (
    <>
      <span className="grid w-4 shrink-0 place-items-center">{taken && <Check size={14} aria-hidden />}</span>
      <span className="flex min-w-0 grow flex-wrap items-center justify-between gap-x-3">
        <ModelChip model={pick.id} />
        <span className="figures min-w-0 text-small text-text-2">{facts.join(' · ')}</span>
      </span>
      {taken && <span className="sr-only">{t('picker.taken')}</span>}
      {pick.status !== 'ready' && <StatusBadge status={pick.status} className="shrink-0 text-caption" />}
    </>
  );
}
