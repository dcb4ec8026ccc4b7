import { renderHook } from '@testing-library/react';
import { afterEach, describe, expect, it } from 'vitest';
import type { TraceReason, TraceSummary } from '@/lib/api';
import { changeLanguage, loadAreas } from '@/lib/i18n';
import clauses from '../i18n/en/logs.json';
import reasons from '../i18n/en/reasons.json';
import { useSummary } from './summary';

const because: TraceReason[] = [
  { model: 'anthropic/opus', provider: 'Anthropic', account: 'ana', code: 'quota_empty', args: {} },
  { model: 'openai/gpt', provider: 'OpenAI', account: 'team', code: 'upstream_status', args: { status: '503', ms: '310' } },
];
const served: TraceSummary = { outcome: 'served', model: 'glm/glm-4.7', provider: 'GLM', account: 'glm-1', because };

async function say(language: string, summary: TraceSummary, requestedModel = 'auto'): Promise<string[]> {
  await changeLanguage(language);
  await loadAreas(['logs', 'reasons']);
  return renderHook(() => useSummary()).result.current({ summary, requestedModel });
}

afterEach(() => changeLanguage('en'));

describe('the sentence of a request', () => {
  it('names who answered and both causes, in three languages', async () => {
    expect(await say('en', served)).toEqual(['Answered by GLM (glm-1) because the quota of Anthropic (ana) is used up and OpenAI (team) answered 503.']);
    expect(await say('pt-BR', served)).toEqual(['Respondida por GLM (glm-1) porque a cota de Anthropic (ana) acabou e OpenAI (team) respondeu 503.']);
    expect(await say('ko', served)).toEqual(['Anthropic(ana) 할당량 소진, OpenAI(team) 503 응답 때문에 GLM(glm-1)에서 응답했습니다.']);
  });

  it('is short when nothing stood in the way', async () => {
    expect(await say('en', { ...served, because: [] })).toEqual(['Answered by GLM (glm-1).']);
  });

  it('names the model that nobody offers', async () => {
    expect(await say('en', { outcome: 'refused', model: '', provider: '', account: '', because: [{ model: '', provider: '', account: '', code: 'model_unknown', args: {} }] }, 'gpt-5-unknown')).toEqual(['No connected account offers gpt-5-unknown.']);
  });

  it('says that nobody could, and why', async () => {
    expect(await say('en', { ...served, outcome: 'failed', because: because.slice(0, 1) })).toEqual(['Nobody could answer because the quota of Anthropic (ana) is used up.']);
  });

  it('has a clause for every reason that a target can have', () => {
    // These tell why one was chosen, or why a request as a whole was refused.
    const whole = ['served', 'resolved_combo', 'unknown_to_active_combo', 'fallback_chain', 'session_kept', 'session_moved', 'inputs_missing', 'no_price', 'no_metric', 'unauthorized', 'body_too_large', 'paused'];
    expect(Object.keys(reasons).filter((code) => !whole.includes(code) && !code.startsWith('chosen_')).sort()).toEqual(Object.keys(clauses.clause).sort());
  });
});
