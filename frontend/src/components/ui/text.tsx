import type { ComponentProps, ReactNode } from 'react';
import { cn } from './cn';

/** An address, model name or id in the line. */
export function Code({ children, className, ...rest }: ComponentProps<'span'>) {
  return (
    <span dir="ltr" className={cn('code', className)} {...rest}>
      {children}
    </span>
  );
}

/** Keys of the keyboard. */
export function Kbd({ children }: { children: ReactNode }) {
  return <kbd className="inline-block min-w-5 rounded-[4px] border border-border bg-sunken px-1 text-center text-caption text-text-2">{children}</kbd>;
}

/** A link in a sentence: underlined, because colour alone is not enough. */
export function TextLink({ className, children, ...rest }: ComponentProps<'a'>) {
  return (
    <a className={cn('inline-flex min-h-6 items-center text-accent underline underline-offset-2 hover:text-accent-hover', className)} {...rest}>
      {children}
    </a>
  );
}
