// A gateway whose every text is hostile: names, model ids, agents, prompts, answers and errors are payloads.
import { payloads } from './payloads.mjs';
import { stage } from './fixtures.mjs';

/** What a header may carry: visible ASCII. */
const header = (text) => text.replace(/[^\x20-\x7e]/g, ' ').trim() || 'empty';

/**
 * Plants count texts, each in every place that takes it. Returns the stage and where how many were taken.
 * @param {number} count
 */
export async function hostile(count) {
  const texts = payloads(count);
  const s = await stage('empty');
  const taken = { 'provider name': 0, 'account name': 0, 'model id': 0, 'combo name': 0, 'key name': 0, alias: 0, 'asked model': 0, agent: 0, 'upstream error': 0, 'model output': 0 };
  /** Counts what is accepted; a refusal with a sentence is as good. */
  const plant = async (where, make) => {
    try {
      const made = await make();
      taken[where]++;
      return made;
    } catch (e) {
      if (e.status === undefined || e.status >= 500) throw e;
      return undefined;
    }
  };
  // Twenty upstreams hold 25 texts each in names, lists and answers.
  const share = Math.ceil(count / 20);
  for (let n = 0; n * share < count; n++) {
    const own = texts.slice(n * share, (n + 1) * share);
    const label = `host${n}`;
    const script = { text: own.join('\n'), models: own };
    s.upstream.script(label, script);
    const node = (await plant('provider name', () => s.account(label, script, { title: own[0], name: own[1] }))) ?? (await s.account(label, script));
    await s.server.api('GET', `/api/providers/${node.id}/models`);
    for (const text of own) {
      await plant('account name', () => s.account(label, script, { name: text }));
      await plant('model id', () => s.server.api('POST', '/api/provider-models', { provider: label, modelId: text, modelName: text }));
      await plant('combo name', () => s.combo(text, [`${label}/gpt-4.1-mini`]));
      await plant('key name', () => s.key(text));
      // Without an alias the name is unknown and the answer repeats it; with one it goes on.
      if (taken['asked model'] % 3 === 0) await plant('alias', () => s.server.api('PUT', '/api/models/alias', { pattern: text, target: `${label}/gpt-4.1-mini` }));
      // Answered, with the text as prompt, agent and answer.
      s.upstream.script(label, { ...script, text });
      const good = await s.server.chat(`${label}/gpt-4.1-mini`, text, { agent: header(text) });
      if (good.status === 200) { taken['model output']++; taken.agent++; }
      // Asked for under that name, and refused by the upstream in those words.
      if ((await s.server.chat(text, text)).status) taken['asked model']++;
      s.upstream.script(label, { ...script, status: 400, kind: 'invalid', message: text });
      if ((await s.server.chat(`${label}/gpt-4.1-mini`, text)).status >= 400) taken['upstream error']++;
    }
    s.upstream.script(label, script);
  }
  await s.combo('always-on', ['host0/gpt-4.1-mini', 'host1/gpt-4.1-mini'], { activate: true });
  await s.ready();
  return { s, texts, taken };
}
