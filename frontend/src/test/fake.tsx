import { QueryClientProvider } from '@tanstack/react-query';
import { render, type RenderResult } from '@testing-library/react';
import type { ReactNode } from 'react';
import { vi } from 'vitest';
import { Toaster } from '@/components/ui/toaster';
import { TooltipProvider } from '@/components/ui/tooltip';
import { ApiFault, type VerbName, type Verbs } from '@/lib/api';
import { loadAreas, areas } from '@/lib/i18n';
import { goAreas } from '@/lib/i18n/languages';
import { newQueryClient } from '@/lib/query';
import { Router, usePath, useSearchText } from '@/lib/router';

type Answers = { [V in VerbName]?: Verbs[V]['out'] | ApiFault | ((input: Verbs[V]['in']) => Verbs[V]['out'] | ApiFault) };

export interface Fake {
  /** Every call that was made, in order. */
  calls: { verb: VerbName; input: unknown }[];
  /** Changes what a verb answers from now on. */
  set: (answers: Answers) => void;
}

/** Stands in for Go at its one door: the methods that the window binds. */
export function fakeGo(answers: Answers): Fake {
  const known: Answers = { ...answers };
  const fake: Fake = { calls: [], set: (more) => void Object.assign(known, more) };
  const service = (name: string) =>
    new Proxy(
      {},
      {
        get: (_, method: string) => async (input: unknown) => {
          const verb = `${name}.${method}` as VerbName;
          fake.calls.push({ verb, input });
          const answer: unknown = known[verb];
          if (answer === undefined) throw new ApiFault({ kind: 'internal', message: `the test gives no answer for ${verb}` });
          const value: unknown = typeof answer === 'function' ? (answer as (input: unknown) => unknown)(input) : answer;
          if (value instanceof ApiFault) throw value;
          return value;
        },
      },
    );
  vi.stubGlobal('go', { control: new Proxy({}, { get: (_, name: string) => service(name) }) });
  return fake;
}

/** Renders a page or a part as the app would, with its words loaded. */
export async function show(ui: ReactNode, hash = '#/'): Promise<RenderResult> {
  window.history.replaceState(null, '', hash);
  window.dispatchEvent(new HashChangeEvent('hashchange'));
  await loadAreas(areas.filter((area) => !goAreas.includes(area)));
  return render(
    <QueryClientProvider client={newQueryClient()}>
      <TooltipProvider>
        <Router hook={usePath} searchHook={useSearchText}>
          {ui}
          <Toaster />
        </Router>
      </TooltipProvider>
    </QueryClientProvider>,
  );
}
