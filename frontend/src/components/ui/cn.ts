import { clsx, type ClassValue } from 'clsx';
import { extendTailwindMerge } from 'tailwind-merge';

const merge = extendTailwindMerge({
  extend: {
    theme: {
      text: ['caption', 'small', 'body', 'card', 'page', 'figure', 'hero'],
      radius: ['control', 'card', 'dialog'],
      shadow: ['pop', 'dialog'],
      breakpoint: ['xs', 'sm', 'md', 'lg'],
      container: ['form', 'page'],
    },
    classGroups: {
      h: ['h-control', 'h-row'],
      'min-h': ['min-h-control', 'min-h-row'],
      w: ['w-control'],
      p: ['p-card'],
      px: ['px-card', 'px-gutter'],
      py: ['py-card'],
      gap: ['gap-card'],
      z: ['z-sticky', 'z-shell', 'z-overlay', 'z-pop', 'z-toast'],
    },
  },
});

/** Joins class names; of two that say the same the last one counts. */
export function cn(...names: ClassValue[]): string {
  return merge(clsx(names));
}
