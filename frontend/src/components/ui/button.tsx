import { cva, type VariantProps } from 'class-variance-authority';
import { LoaderCircle } from 'lucide-react';
import { Slot } from 'radix-ui';
import type { ComponentProps, MouseEvent, ReactNode } from 'react';
import { cn } from './cn';
import { Tooltip } from './tooltip';

const looks = cva(
  'relative inline-flex min-h-control max-w-full shrink-0 select-none items-center justify-center gap-2 rounded-control border px-3 py-1 text-body font-medium leading-tight no-underline transition-colors duration-fast aria-disabled:border-border aria-disabled:bg-sunken aria-disabled:text-text-3',
  {
    variants: {
      look: {
        primary: 'border-transparent bg-accent text-on-accent hover:bg-accent-hover',
        secondary: 'border-border-strong bg-surface text-text hover:bg-hover',
        ghost: 'border-transparent bg-transparent text-text-2 hover:bg-hover hover:text-text aria-disabled:border-transparent aria-disabled:bg-transparent',
        danger: 'border-bad bg-surface text-bad hover:bg-bad-soft',
        link: 'min-h-6 border-transparent px-0 py-0 font-normal text-accent underline underline-offset-2 hover:text-accent-hover aria-disabled:border-transparent aria-disabled:bg-transparent',
      },
      size: { md: '', sm: 'min-h-7 px-2 text-small pointer-coarse:min-h-11' },
    },
    defaultVariants: { look: 'secondary', size: 'md' },
  },
);

export interface ButtonProps extends Omit<ComponentProps<'button'>, 'disabled'>, VariantProps<typeof looks> {
  /** Waits: keeps its width, shows the spinner, takes no presses. */
  loading?: boolean;
  /** Off, and this is why. The reason is the tooltip, so it can be reached. */
  disabledBecause?: string | false | undefined;
  /** Renders the child (a link) in the button's look. */
  asChild?: boolean;
}

/** One filled (`primary`) button per view. */
export function Button({ look, size, loading = false, disabledBecause, asChild = false, className, children, onClick, type = 'button', ...rest }: ButtonProps) {
  const off = loading || Boolean(disabledBecause);
  const classes = cn(looks({ look, size }), className);
  if (asChild) {
    return (
      <Slot.Root className={classes} {...rest}>
        {children}
      </Slot.Root>
    );
  }
  const press = (event: MouseEvent<HTMLButtonElement>) => {
    if (off) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    onClick?.(event);
  };
  const button = (
    <button type={type} className={classes} onClick={press} aria-disabled={off || undefined} aria-busy={loading || undefined} {...rest}>
      {loading && (
        <span className="absolute inset-0 grid place-items-center">
          <LoaderCircle size={16} strokeWidth={1.75} aria-hidden className="spin" />
        </span>
      )}
      <span className={cn('inline-flex min-w-0 items-center gap-2', loading && 'opacity-0')}>{children}</span>
    </button>
  );
  return disabledBecause ? <Tooltip text={disabledBecause}>{button}</Tooltip> : button;
}

export interface IconButtonProps extends Omit<ButtonProps, 'children' | 'aria-label' | 'asChild'> {
  /** What it does, for the tooltip and for who cannot see the icon. */
  label: string;
  icon: ReactNode;
  /** A menu or popover trigger shows no tooltip while open. */
  tooltip?: boolean;
}

export function IconButton({ label, icon, tooltip = true, look = 'ghost', className, disabledBecause, ...rest }: IconButtonProps) {
  const button = (
    <Button look={look} aria-label={label} className={cn('w-control px-0', className)} {...rest} {...(disabledBecause ? { 'aria-disabled': true } : {})}>
      {icon}
    </Button>
  );
  return tooltip ? <Tooltip text={disabledBecause || label}>{button}</Tooltip> : button;
}

/** Buttons that belong together. */
export function ButtonGroup({ className, ...rest }: ComponentProps<'div'>) {
  return <div className={cn('flex flex-wrap items-center gap-2', className)} {...rest} />;
}
