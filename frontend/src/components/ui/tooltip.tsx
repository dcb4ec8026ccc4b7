import { Tooltip as Radix } from 'radix-ui';
import type { ReactNode } from 'react';

/** A word more about what it wraps. Never holds text that is needed. */
export function Tooltip({ text, children, side = 'bottom' }: { text: ReactNode; children: ReactNode; side?: 'top' | 'bottom' | 'left' | 'right' }) {
  return (
    <Radix.Root>
      <Radix.Trigger asChild>{children}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content side={side} sideOffset={6} collisionPadding={8} className="motion-pop z-pop max-w-72 rounded-control border border-border-strong bg-text px-2 py-1 text-caption text-bg shadow-pop">
          {text}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

export const TooltipProvider = Radix.Provider;
