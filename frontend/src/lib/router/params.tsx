import { createContext, useContext } from 'react';

type Values = Readonly<Record<string, string | undefined>>;

const ParamsContext = createContext<Values>({});

export const Params = ParamsContext.Provider;

/** The named parts of the address: /providers/:id → { id }. */
export function useParams(): Values {
  return useContext(ParamsContext);
}

/** Matches /a/:b/:c? against a path; null = no match. A last `*` takes the
 * rest under the name rest. */
export function matchPath(pattern: string, path: string): Values | null {
  const wanted = pattern.split('/').filter(Boolean);
  const given = path.split('/').filter(Boolean);
  const out: Record<string, string | undefined> = {};
  for (const [i, part] of wanted.entries()) {
    const value = given[i];
    if (part === '*') {
      out['rest'] = given.slice(i).map(decodeURIComponent).join('/');
      return out;
    }
    if (part.startsWith(':')) {
      const optional = part.endsWith('?');
      if (value === undefined && !optional) return null;
      out[part.slice(1).replace(/\?$/, '')] = value === undefined ? undefined : decodeURIComponent(value);
    } else if (part !== value) {
      return null;
    }
  }
  return given.length > wanted.length ? null : out;
}
