import { useEffect, useRef, useState, type KeyboardEvent, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { ProviderMark } from '@/components/provider-mark';
import { Button } from '@/components/ui/button';
import { SearchInput } from '@/components/ui/input';
import { ErrorState, Skeleton } from '@/components/ui/states';
import { call, type Connection, type KeyGuess, type PickerEntry } from '@/lib/api';
import { useVerb } from '@/lib/query';
import { Found } from './found';
import { cameAtOnce, looksLikeAddress, looksLikeKey } from './names';
import type { NodeType } from './node-form';

/** What was chosen, with a key or address that was pasted on the way. */
export type Choice =
  | { stage: 'key'; entry: PickerEntry; pasted?: string; guessed?: boolean }
  | { stage: 'relay'; entry: PickerEntry }
  | { stage: 'node'; type: NodeType; address?: string }
  | { stage: 'demo' };

const groups = ['subscription', 'apikey', 'cheap', 'free', 'local', 'custom', 'demo'] as const;

interface PickerProps {
  onChoose: (choice: Choice) => void;
  /** Something was connected without a further question. */
  onDone: (account: Connection) => void;
  autoFocus?: boolean;
  /** A key that was pasted elsewhere. */
  pasted?: string | undefined;
}

/** Everything that can be connected, in one list. The field searches and takes
 * a pasted key or address, too. */
export function Picker({ onChoose, onDone, autoFocus = false, pasted: brought = '' }: PickerProps) {
  const { t } = useTranslation('connect');
  const { data, error, refetch } = useVerb('Providers.Catalog');
  const [text, setText] = useState('');
  const [guesses, setGuesses] = useState<KeyGuess[] | null>(null);
  // A pasted key is never in an attribute.
  const pasted = useRef('');
  const list = useRef<HTMLDivElement>(null);
  const entries = data?.entries ?? [];
  const choose = (entry: PickerEntry, guessed = false) => onChoose(choiceOf(entry, pasted.current, guessed));
  /** Takes what is no search: an address or a key. */
  const take = (whole: string): boolean => {
    if (looksLikeAddress(whole)) {
      onChoose({ stage: 'node', type: 'openai-compatible', address: whole.trim() });
      return true;
    }
    if (!looksLikeKey(whole)) return false;
    setText('');
    void guess(whole);
    return true;
  };
  const type = (next: string) => {
    if (!cameAtOnce(text.length, next) || !take(next)) setText(next);
  };
  const guess = async (whole: string) => {
    pasted.current = whole.trim();
    let candidates: KeyGuess[] = [];
    try {
      ({ candidates } = await call('Providers.GuessKey', { key: pasted.current }));
    } catch {
      // Whoever cannot be guessed is chosen by hand.
    }
    const sure = candidates.find((one) => one.sure);
    const entry = entries.find((one) => one.id === sure?.provider);
    if (entry) choose(entry, true);
    else setGuesses(candidates);
  };
  const ready = data !== undefined;
  useEffect(() => {
    if (ready && looksLikeKey(brought)) void guess(brought);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- once, as soon as there is a list to find its owner in
  }, [ready]);
  const matches = entries.filter((entry) => matchesText(entry, text));
  const possible = (guesses ?? []).flatMap((one) => entries.find((entry) => entry.id === one.provider) ?? []);
  const press = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && text !== '') {
      event.preventDefault();
      if (!take(text) && matches[0]) choose(matches[0]);
    } else if (event.key === 'ArrowDown') {
      event.preventDefault();
      tiles(list)[0]?.focus();
    }
  };
  return (
    <div className="flex flex-col gap-4">
      <div onKeyDown={press}>
        <SearchInput label={t('search')} value={text} onChange={type} autoFocus={autoFocus} />
        <p className="mx-0 mt-1 mb-0 text-small text-text-2">{t('searchHint')}</p>
      </div>
      {guesses !== null && (
        <div role="status" className="flex flex-col gap-2 rounded-card bg-accent-soft px-4 py-3">
          <p className="m-0">{possible.length > 0 ? t('key.maybe') : t('key.unknown')}</p>
          {possible.length > 0 && <Tiles entries={possible} onChoose={choose} />}
        </div>
      )}
      <Found filter={text} onDone={onDone} />
      {error && <ErrorState error={error} onRetry={() => void refetch()} />}
      {!error && data === undefined && <Skeleton lines={6} />}
      <div ref={list} onKeyDown={(event) => walk(event, list)} className="flex flex-col gap-4">
        {groups.map((group) => {
          const inside = matches.filter((entry) => entry.group === group);
          if (inside.length === 0) return null;
          return (
            <section key={group} aria-label={t(`group.${group}`)}>
              <h3 className="mx-0 mt-0 mb-2 text-body font-medium text-text-2">{t(`group.${group}`)}</h3>
              <Tiles entries={inside} onChoose={choose} />
            </section>
          );
        })}
      </div>
      {data !== undefined && matches.length === 0 && (
        <p className="m-0 flex flex-wrap items-center gap-x-3 text-text-2">
          {t('noMatch', { text })}
          <Button look="link" onClick={() => onChoose({ stage: 'node', type: 'openai-compatible' })}>
            {t('asCustom')}
          </Button>
        </p>
      )}
    </div>
  );
}

function Tiles({ entries, onChoose }: { entries: readonly PickerEntry[]; onChoose: (entry: PickerEntry) => void }) {
  const { t } = useTranslation('connect');
  const hint = (entry: PickerEntry) => {
    if (entry.group === 'demo') return t('tile.demo');
    if (entry.kinds[0] === 'relay') return t('tile.relay');
    return entry.connected > 0 ? t('tile.connected', { count: entry.connected }) : '';
  };
  return (
    <ul className="m-0 grid list-none grid-cols-[repeat(auto-fill,minmax(min(11.5rem,100%),1fr))] gap-2 p-0">
      {entries.map((entry) => (
        <li key={entry.id}>
          <button
            type="button"
            data-tile
            onClick={() => onChoose(entry)}
            className="flex h-full min-h-11 w-full items-center gap-2.5 rounded-control border border-border bg-surface px-2.5 py-1.5 text-start text-body transition-colors duration-fast hover:border-border-strong hover:bg-hover"
          >
            <ProviderMark name={entry.name} />
            <span className="flex min-w-0 flex-col leading-tight">
              {entry.name}
              {hint(entry) !== '' && <span className="text-small text-text-2">{hint(entry)}</span>}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}

/** What an entry needs next. Exported for its test. */
export function choiceOf(entry: PickerEntry, pasted = '', guessed = false): Choice {
  if (entry.group === 'custom') return { stage: 'node', type: entry.id as NodeType };
  if (entry.group === 'demo') return { stage: 'demo' };
  if (entry.kinds[0] === 'relay' || entry.kinds.length === 0) return { stage: 'relay', entry };
  return { stage: 'key', entry, ...(pasted === '' ? {} : { pasted, guessed }) };
}

function matchesText(entry: PickerEntry, text: string): boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const about = `${entry.name} ${entry.id} ${entry.prefix} ${entry.group}`.toLowerCase();
  return words.every((word) => about.includes(word));
}

const tiles = (list: RefObject<HTMLElement | null>) => [...(list.current?.querySelectorAll<HTMLElement>('[data-tile]') ?? [])];

/** Arrow keys walk the tiles in reading order. */
function walk(event: KeyboardEvent, list: RefObject<HTMLElement | null>): void {
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (step === undefined) return;
  const all = tiles(list);
  const next = all[all.indexOf(document.activeElement as HTMLElement) + step];
  if (next) {
    event.preventDefault();
    next.focus();
  }
}
