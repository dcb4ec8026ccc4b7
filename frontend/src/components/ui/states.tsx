import { CircleAlert, Clock } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '@/lib/format';
import { Button } from './button';
import { cn } from './cn';
import { CopyButton } from './copy-button';

interface EmptyStateProps {
  /** One sentence that says what will appear here. */
  text: string;
  /** One filled button. */
  action?: ReactNode;
  /** At most one text link. */
  link?: ReactNode;
  className?: string;
}

export function EmptyState({ text, action, link, className }: EmptyStateProps) {
  return (
    <div className={cn('flex flex-col items-center justify-center gap-3 px-4 py-10 text-center', className)}>
      <p className="m-0 max-w-[44ch] text-body text-text-2">{text}</p>
      {(action !== undefined || link !== undefined) && (
        <div className="flex flex-wrap items-center justify-center gap-3">
          {action}
          {link}
        </div>
      )}
    </div>
  );
}

/** What ErrorState needs of an ApiFault. */
export interface Trouble {
  kind: string;
  message: string;
  receipt?: string | undefined;
}

const known = [
  'unreachable', 'internal', 'invalid', 'unauthorized', 'forbidden', 'not_found', 'conflict', 'too_large', 'unsupported', 'budget', 'auth_expired', 'auth_revoked', 'denied',
  'model_gone', 'quota', 'rate_limited', 'overloaded', 'upstream', 'timeout', 'truncated', 'canceled', 'exhausted', 'aborted',
] as const;

/** The sentence for a kind of trouble, in the person's language. */
export function useTroubleWords(): (trouble: Trouble) => string {
  const { t } = useTranslation('errors');
  return (trouble) => {
    const kind = known.find((one) => one === trouble.kind) ?? 'internal';
    return t(`kind.${kind}`);
  };
}

interface ErrorStateProps {
  error: Trouble;
  onRetry?: () => void;
  className?: string;
}

/** Stands in place of a card's body. One broken card never takes the page. */
export function ErrorState({ error, onRetry, className }: ErrorStateProps) {
  const { t } = useTranslation('common');
  const words = useTroubleWords();
  const quiet = error.kind === 'unreachable' || error.message === '';
  return (
    <div role="alert" className={cn('flex flex-col items-start gap-2 py-3', className)}>
      <p className="m-0 flex items-start gap-2 text-body font-medium text-text">
        <CircleAlert size={16} strokeWidth={1.75} aria-hidden className="mt-0.5 text-bad" />
        {words(error)}
      </p>
      {!quiet && <p className="m-0 ps-6 text-small text-text-2">{error.message}</p>}
      <div className="flex flex-wrap gap-2 ps-6">
        {onRetry && (
          <Button size="sm" onClick={onRetry}>
            {t('retry')}
          </Button>
        )}
        <CopyButton size="sm" look="ghost" label={t('details')} text={[error.kind, error.receipt, error.message].filter(Boolean).join('\n')} />
      </div>
    </div>
  );
}

/** Grey bars while something loads for the first time; shown after 150 ms. */
export function Skeleton({ lines = 3, className }: { lines?: number; className?: string }) {
  const { t } = useTranslation('common');
  return (
    <div aria-busy className={cn('late flex flex-col gap-3 py-2', className)}>
      <span className="sr-only" role="status">
        {t('loading')}
      </span>
      {Array.from({ length: lines }, (_, i) => (
        <div key={i} aria-hidden className="h-4 rounded-control bg-sunken" style={{ inlineSize: `${[92, 74, 83][i % 3] ?? 80}%` }} />
      ))}
    </div>
  );
}

/** Data older than its rhythm says so. */
export function StaleMark({ at }: { at: string }) {
  const { t } = useTranslation('common');
  const format = useFormat();
  return (
    <span className="inline-flex items-center gap-1 text-caption text-warn">
      <Clock size={12} strokeWidth={1.75} aria-hidden />
      {t('asOf', { time: format.clock(at) })}
    </span>
  );
}
