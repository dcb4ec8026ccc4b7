import { useEffect, useState, type FocusEvent, type HTMLAttributes, type UIEvent } from 'react';

/** Whether the list may move: it stands at its top and neither pointer nor
 * keyboard is on it. Nothing under a hand ever jumps. */
export function useAtRest(): { atRest: boolean; watch: HTMLAttributes<HTMLDivElement> } {
  const [scrolled, setScrolled] = useState(false);
  const [page, setPage] = useState(false);
  const [pointed, setPointed] = useState(false);
  const [focused, setFocused] = useState(false);
  useEffect(() => {
    const read = () => setPage(window.scrollY > 8);
    read();
    window.addEventListener('scroll', read, { passive: true });
    return () => window.removeEventListener('scroll', read);
  }, []);
  return {
    atRest: !scrolled && !page && !pointed && !focused,
    watch: {
      onScrollCapture: (event: UIEvent<HTMLDivElement>) => setScrolled(event.target instanceof HTMLElement && event.target.scrollTop > 8),
      onPointerEnter: (event) => setPointed(event.pointerType === 'mouse'),
      onPointerLeave: () => setPointed(false),
      onFocus: () => setFocused(true),
      onBlur: (event: FocusEvent<HTMLDivElement>) => setFocused(event.currentTarget.contains(event.relatedTarget)),
    },
  };
}
