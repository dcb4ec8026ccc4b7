import { cn } from './ui/cn';

/** Two letters on a neutral tile: the mark of a provider. */
export function ProviderMark({ name, className }: { name: string; className?: string }) {
  return (
    <span aria-hidden translate="no" className={cn('grid size-6 shrink-0 place-items-center rounded-[4px] border border-border bg-sunken text-caption leading-none font-semibold tracking-tight whitespace-nowrap text-text-2 select-none', className)}>
      {letters(name)}
    </span>
  );
}

/** "Claude Code" → CC, "Groq" → Gr, "xAI" → xA. Exported for its test. */
export function letters(name: string): string {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const [first = '', second] = words;
  return second === undefined ? Array.from(first).slice(0, 2).join('') : `${Array.from(first)[0] ?? ''}${Array.from(second)[0] ?? ''}`;
}
