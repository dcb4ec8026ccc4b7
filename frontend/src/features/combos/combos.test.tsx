import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import { ApiFault, type Combo, type PickModel, type PreviewRow } from '@/lib/api';
import { Params, usePath } from '@/lib/router';
import { fakeGo, show } from '@/test/fake';
import { Combos } from './combos';
import { modelOf } from './draft';

const combo = (part: Partial<Combo>): Combo => ({ id: 'c1', name: 'always-on', models: ['glm/glm-4.7', 'groq/llama'], strategy: 'priority', config: {}, isActive: true, createdAt: '2026-11-01T00:00:00Z', updatedAt: '2026-11-01T00:00:00Z', ...part });
const row = (part: Partial<PreviewRow>): PreviewRow => ({ step: 0, model: 'glm/glm-4.7', target: 'glm/glm-4.7', account: 'a1', accountName: 'work', verdict: 'would_answer', code: 'chosen_priority', args: {}, estMicros: 4_000, priceBasis: 'list', ...part });
const pick = (id: string): PickModel => ({ id, kind: 'model', name: id, provider: 'p', providerName: 'GLM', prefix: 'glm', group: 'cheap', contextLength: 200_000, maxOutput: null, inputMicros: 600_000, outputMicros: 2_200_000, priceBasis: 'list', tools: true, vision: false, reasoning: false, custom: false, status: 'ready' });

function world(combos: Combo[]) {
  return fakeGo({
    'Combos.List': { combos },
    'Combos.Preview': ({ models }) => ({ rows: (models ?? []).map((model, step) => row({ step, model: modelOf(model), target: modelOf(model), verdict: step === 0 ? 'would_answer' : 'next' })), tokensIn: 2000, tokensOut: 500 }),
    'Combos.Templates': { templates: [{ code: 'best_first', name: 'always-on', models: ['glm/glm-4.7', 'groq/llama'] }] },
    'Models.Pick': { models: [pick('glm/glm-4.7'), pick('groq/llama'), pick('kimi/k2')], total: 3 },
    'Combos.Create': ({ name, models }) => ({ combo: combo({ id: 'new', name: name ?? '', models: models ?? [] }) }),
    'Combos.Update': (change) => ({ combo: combo({ name: change.name ?? 'always-on', models: change.models ?? [], updatedAt: '2026-11-02T00:00:00Z' }) }),
    'Combos.Activate': { combo: combo({ id: 'c2' }) },
    'Combos.Delete': () => undefined,
    'Combos.Restore': { combo: combo({}) },
    'Combos.Test': ({ models }) => ({ comboName: '', strategy: 'priority', resolvedBy: '', results: (models ?? []).map((model, i) => (i === 0 ? { model: modelOf(model), status: 'ok', latencyMs: 1900 } : { model: modelOf(model), status: 'error', latencyMs: 5, code: 'reauth', error: 'no' })) }),
  });
}

/** Stands for the shell, which follows the address. */
function Shell({ id }: { id: string | undefined }) {
  usePath();
  return (
    <Params value={{ id }}>
      <Combos />
    </Params>
  );
}

const at = (id?: string) => <Shell id={id} />;
const inputOf = (go: ReturnType<typeof world>, verb: string) => go.calls.filter((made) => made.verb === verb).at(-1)?.input;

describe('the list of combos', () => {
  it('switches the active one and offers the way back', async () => {
    const go = world([combo({}), combo({ id: 'c2', name: 'free', isActive: false })]);
    const user = userEvent.setup();
    await show(at());
    await user.click(await screen.findByRole('radio', { name: 'Make free active' }));
    await waitFor(() => expect(inputOf(go, 'Combos.Activate')).toEqual({ id: 'c2' }));
    await user.click(await screen.findByRole('button', { name: 'Undo' }));
    await waitFor(() => expect(inputOf(go, 'Combos.Activate')).toEqual({ id: 'c1' }));
  });

  it('says when nobody could answer, and until when', async () => {
    const go = world([combo({})]);
    go.set({ 'Combos.Preview': { rows: [row({ verdict: 'skipped', code: 'cooldown', args: { until: '2026-11-25T18:00:00Z' } })], tokensIn: 1, tokensOut: 1, nextAt: '2026-11-25T18:00:00Z' } });
    await show(at());
    expect(await screen.findByText(/^No step can answer before /)).toBeTruthy();
  });

  it('deletes at once, brings back, and duplicates under a free name', async () => {
    const go = world([combo({}), combo({ id: 'c2', name: 'always-on-copy', isActive: false })]);
    const user = userEvent.setup();
    await show(at());
    await user.click(await screen.findByRole('button', { name: 'Actions for always-on' }));
    await user.click(await screen.findByRole('menuitem', { name: 'Duplicate' }));
    await waitFor(() => expect(inputOf(go, 'Combos.Create')).toMatchObject({ name: 'always-on-copy-2' }));
    await user.click(screen.getByRole('button', { name: 'Actions for always-on' }));
    await user.click(await screen.findByRole('menuitem', { name: 'Delete' }));
    const gone = await screen.findByText('The combo always-on is deleted.');
    await user.click(within(gone.closest('li')!).getByRole('button', { name: 'Undo' }));
    await waitFor(() => expect(inputOf(go, 'Combos.Restore')).toEqual({ id: 'c1' }));
  });

  it('says what a combo is when there is none', async () => {
    world([]);
    await show(at());
    expect(await screen.findByText('A combo tries models in order until one answers.')).toBeTruthy();
    expect(screen.getByRole('link', { name: 'New combo' })).toBeTruthy();
  });
});

describe('the combo editor', () => {
  it('makes a combo from a template in two presses', async () => {
    const go = world([]);
    const user = userEvent.setup();
    await show(at('new'), '#/combos/new');
    await user.click(await screen.findByRole('button', { name: /My subscription, then cheap/ }));
    await user.click(await screen.findByRole('button', { name: 'Save' }));
    await waitFor(() => expect(inputOf(go, 'Combos.Create')).toEqual({ name: 'always-on', models: ['glm/glm-4.7', 'groq/llama'] }));
    await waitFor(() => expect(window.location.hash).toBe('#/combos'));
  });

  it('shows what the draft would do, before it is saved', async () => {
    const go = world([combo({})]);
    const user = userEvent.setup();
    await show(at('c1'), '#/combos/c1');
    await user.click(await screen.findByRole('button', { name: 'Add model' }));
    await user.click(await screen.findByRole('option', { name: /kimi\/k2/ }));
    const card = screen.getByRole('region', { name: 'What would happen now' });
    await waitFor(() => expect(within(card).getAllByRole('listitem')).toHaveLength(3));
    expect(inputOf(go, 'Combos.Preview')).toEqual({ name: 'always-on', models: ['glm/glm-4.7', 'groq/llama', 'kimi/k2'] });
    expect(screen.getByText('1 change')).toBeTruthy();
    expect(go.calls.some((made) => made.verb === 'Combos.Update')).toBe(false);
  });

  it('moves a step with Alt and an arrow, says so, and saves the new order', async () => {
    const go = world([combo({})]);
    const user = userEvent.setup();
    await show(at('c1'), '#/combos/c1');
    (await screen.findByRole('button', { name: 'Move groq/llama' })).focus();
    await user.keyboard('{Alt>}{ArrowUp}{/Alt}');
    expect(await screen.findByText('groq/llama, position 1 of 2.')).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => expect(inputOf(go, 'Combos.Update')).toEqual({ id: 'c1', name: 'always-on', models: ['groq/llama', 'glm/glm-4.7'], ifUpdatedAt: '2026-11-01T00:00:00Z' }));
  });

  it('keeps the weights that another strategy gave', async () => {
    const go = world([combo({ models: [{ model: 'glm/glm-4.7', weight: 60 }, 'groq/llama'] })]);
    const user = userEvent.setup();
    await show(at('c1'), '#/combos/c1');
    (await screen.findByRole('button', { name: 'Move groq/llama' })).focus();
    await user.keyboard('{Alt>}{ArrowUp}{/Alt}');
    await user.click(await screen.findByRole('button', { name: 'Save' }));
    await waitFor(() => expect(inputOf(go, 'Combos.Update')).toMatchObject({ models: ['groq/llama', { model: 'glm/glm-4.7', weight: 60 }] }));
  });

  it('tests every step of the draft and says which one failed and why', async () => {
    world([combo({})]);
    const user = userEvent.setup();
    await show(at('c1'), '#/combos/c1');
    await user.click(await screen.findByRole('button', { name: 'Test every step' }));
    expect(await screen.findByText('1 of 2 steps answered.')).toBeTruthy();
    expect(screen.getByText(/answered in 1.9 s/)).toBeTruthy();
    expect(screen.getByText(/failed: .*refused/i)).toBeTruthy();
  });

  it('refuses a way back to itself before the gateway has to', async () => {
    const go = world([combo({}), combo({ id: 'c2', name: 'loop', models: ['always-on'], isActive: false })]);
    go.set({ 'Models.Pick': { models: [{ ...pick('loop'), kind: 'combo' }], total: 1 } });
    const user = userEvent.setup();
    await show(at('c1'), '#/combos/c1');
    await user.click(await screen.findByRole('button', { name: 'Add model' }));
    await user.click(await screen.findByRole('option', { name: /loop/ }));
    expect(await screen.findByText('loop leads back to this combo.')).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Save' }));
    expect(go.calls.some((made) => made.verb === 'Combos.Update')).toBe(false);
  });

  it('shows both when someone else saved meanwhile, and lets the person choose', async () => {
    const go = world([combo({})]);
    const user = userEvent.setup();
    await show(at('c1'), '#/combos/c1');
    (await screen.findByRole('button', { name: 'Move groq/llama' })).focus();
    await user.keyboard('{Alt>}{ArrowUp}{/Alt}');
    go.set({ 'Combos.Update': new ApiFault({ kind: 'conflict', message: 'changed' }), 'Combos.List': { combos: [combo({ models: ['kimi/k2'], updatedAt: '2026-11-03T00:00:00Z' })] } });
    await user.click(await screen.findByRole('button', { name: 'Save' }));
    expect(await screen.findByText('This combo was changed elsewhere.')).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Compare' }));
    const dialog = await screen.findByRole('dialog');
    expect(within(dialog).getByText('Saved elsewhere')).toBeTruthy();
    await user.click(within(dialog).getByRole('button', { name: 'Take the saved one' }));
    expect(await screen.findByRole('button', { name: 'Move kimi/k2' })).toBeTruthy();
  });

  it('asks before a page with changes is left', async () => {
    world([combo({})]);
    const user = userEvent.setup();
    await show(at('c1'), '#/combos/c1');
    (await screen.findByRole('button', { name: 'Move groq/llama' })).focus();
    await user.keyboard('{Alt>}{ArrowUp}{/Alt}');
    window.location.hash = '/keys';
    expect(await screen.findByRole('alertdialog', { name: 'Leave without saving?' })).toBeTruthy();
  });

  it('says that a combo is gone', async () => {
    world([]);
    await show(at('c9'), '#/combos/c9');
    expect(await screen.findByText('This combo does not exist any more.')).toBeTruthy();
  });
});
