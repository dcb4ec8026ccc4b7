import { cn } from './ui/cn';

/** A model or combo by the name that clients ask for. The prefix steps back,
 * so that the eye lands on the model. `wrap` shows all of it. */
export function ModelChip({ model, wrap = false, className }: { model: string; wrap?: boolean; className?: string }) {
  const cut = model.indexOf('/');
  return (
    <span dir="ltr" title={model} className={cn('code inline-block max-w-full align-bottom text-text', wrap ? 'wrap-anywhere' : 'truncate', className)}>
      {cut > 0 && <span className="text-text-3">{model.slice(0, cut + 1)}</span>}
      {cut > 0 ? model.slice(cut + 1) : model}
    </span>
  );
}
