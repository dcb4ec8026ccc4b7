import { describe, expect, it } from 'vitest';
import { curlOf } from './curl';
import { filtersOf, inputOf, readTokens } from './filters';
import { newer } from './queries';
import type { CallLog } from '@/lib/api';

const none = filtersOf(new URLSearchParams());

describe('search tokens', () => {
  it('are taken out of the text, quoted or not', () => {
    expect(readTokens('status:error model:"my model" hello  world >2s')).toEqual({ found: { status: 'error', model: 'my model' }, rest: 'hello world >2s' });
    expect(readTokens('http://x/status:error')).toEqual({ found: {}, rest: 'http://x/status:error' });
    expect(readTokens('KEY:laptop')).toEqual({ found: { key: 'laptop' }, rest: '' });
    expect(readTokens('status:wrong x')).toEqual({ found: {}, rest: 'status:wrong x' });
  });

  it('count before they are settled, over what the address says', () => {
    const now = new Date('2026-11-25T12:00:00Z');
    expect(inputOf({ ...none, q: 'status:429 slow', status: 'ok', since: '1h' }, 'R1', 50, now)).toEqual({ limit: 50, before: 'R1', status: '429', search: 'slow', from: '2026-11-25T11:00:00.000Z' });
    expect(inputOf(none, '', 50, now)).toEqual({ limit: 50 });
    expect(inputOf({ ...none, model: 'opus', q: '>2s' }, '', 50, now)).toEqual({ limit: 50, search: '>2s model:"opus"' });
  });

  it('are no complaint while they are half typed', () => {
    const now = new Date();
    for (const q of ['status:', 'status:e', 'model:"my', 'hello >', '>2x', 'since:5']) {
      const input = inputOf({ ...none, q }, '', 50, now);
      expect(input.status, q).toBeUndefined();
      expect(input.search ?? '', q).not.toMatch(/status|>|since/);
    }
  });

  it('ignore a span that does not exist', () => {
    expect(filtersOf(new URLSearchParams('since=5y')).since).toBe('');
  });
});

describe('new rows', () => {
  const rows = (...ids: string[]) => ids.map((id) => ({ id }) as CallLog);
  it('stand above the first known one', () => {
    expect(newer(rows('R3', 'R2', 'R1'), 'R1').waiting.map((row) => row.id)).toEqual(['R3', 'R2']);
    expect(newer(rows('R2', 'R1'), 'R2')).toEqual({ waiting: [], many: false });
  });
  it('are many when the known one fell out, and none when the answer is older', () => {
    expect(newer(rows('R9', 'R8'), 'R2').many).toBe(true);
    expect(newer(rows('R1'), 'R2')).toEqual({ waiting: [], many: false });
  });
});

describe('the curl line', () => {
  it('survives quotes in a model name', () => {
    const line = curlOf({ formatFrom: 'openai-chat', requestedModel: "it's", stream: false, path: '/v1/chat/completions' }, 'http://localhost:1/v1');
    expect(line).toContain(`'\\''`);
    expect(line).not.toContain('anthropic-version');
  });
  it('asks the public address for what the dashboard asked itself', () => {
    expect(curlOf({ formatFrom: 'openai-chat', requestedModel: 'm', stream: false, path: '/api/combos/test' }, 'http://localhost:1/v1')).toContain('http://localhost:1/v1/chat/completions');
  });
});
