/** The mark: many ways around one point. */
export function Logo({ size = 20 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 20 20" fill="none" aria-hidden className="shrink-0 text-accent">
      <path d="M10 1.8 18.2 10 10 18.2 1.8 10Z" stroke="currentColor" strokeWidth="1.9" strokeLinejoin="round" />
      <circle cx="10" cy="10" r="2.6" fill="currentColor" />
    </svg>
  );
}
