import { createContext, useContext, useEffect, type ReactNode } from 'react';
import { cn } from './ui/cn';

interface Heading {
  title: string;
  /** Where "back" leads, for pages below a page. */
  back?: string | undefined;
}

export const HeadingContext = createContext<(heading: Heading | null) => void>(() => undefined);

/** Names the page when its route's own title is not enough ("Groq", "always-on").
 * The shell shows it as the one h1 and in the document title. */
export function useHeading(title: string | undefined, back?: string): void {
  const set = useContext(HeadingContext);
  useEffect(() => {
    if (title === undefined) return undefined;
    set({ title, back });
    return () => set(null);
  }, [set, title, back]);
}

/** The column a page stands in. */
export function Page({ className, children }: { className?: string; children: ReactNode }) {
  return <div className={cn('mx-auto flex w-full max-w-page flex-col gap-card px-gutter py-4', className)}>{children}</div>;
}

/** Search at the start, actions at the end, above a page's content. */
export function Toolbar({ children, className }: { children: ReactNode; className?: string }) {
  return <div className={cn('flex flex-wrap items-center gap-2', className)}>{children}</div>;
}
