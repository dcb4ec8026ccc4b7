/** The mark: a ring with one way out. build/icon.svg is the same. */
export function Logo({ size = 20 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 20 20" fill="none" aria-hidden className="shrink-0 text-accent">
      <path d="M11.2 3.2A6.9 6.9 0 1 0 16.8 8.8" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />
      <path d="M10 10 15.7 4.3" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" />
      <circle cx="10" cy="10" r="1.8" fill="currentColor" />
      <circle cx="16" cy="4" r="2" fill="currentColor" />
    </svg>
  );
}
