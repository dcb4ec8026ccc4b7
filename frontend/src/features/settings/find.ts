import { createContext, useContext } from 'react';

/** What is typed into "Find a setting", in lower case; '' = show everything. */
export const FindContext = createContext('');

export function useMatches(): (...words: (string | undefined)[]) => boolean {
  const typed = useContext(FindContext);
  return (...words) => typed === '' || words.some((word) => word?.toLocaleLowerCase().includes(typed));
}
