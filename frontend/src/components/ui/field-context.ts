import { createContext, useContext } from 'react';

/** What a control inside a Field must point at. */
export interface FieldIds {
  id: string;
  labelId: string;
  describedBy: string | undefined;
  invalid: boolean;
  disabled: boolean;
}

export const FieldContext = createContext<FieldIds | null>(null);

export function useField(): FieldIds | null {
  return useContext(FieldContext);
}
