// The harness itself: the real server starts and ends, and every fixture holds what its name says.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stage } from './lib/fixtures.mjs';
import { Server } from './lib/server.mjs';

describe('harness', () => {
  test('the server prints a link, survives a kill with its data, and exits 0', async () => {
    const s = await Server.start();
    assert.match(s.printedLink, new RegExp(`^http://127\\.0\\.0\\.1:${s.port}/#/sign-in/\\S{20,}$`));
    await s.api('POST', '/api/combos', { name: 'kept', models: ['demo/simulated'], strategy: 'priority' });
    await s.kill();
    await s.up();
    assert.deepEqual((await s.api('GET', '/api/combos')).combos.map((c) => c.name), ['kept']);
    assert.equal(await s.stop(), 0);
  });

  const expected = {
    empty: { providers: 0, combos: 0, keys: 0, ok: 0, failed: 0 },
    small: { providers: 3, combos: 2, keys: 2, ok: 6, failed: 1 },
    broken: { providers: 4, combos: 1, keys: 1, ok: 0, failed: 17 },
  };
  for (const [name, want] of Object.entries(expected)) {
    test(`fixture ${name}`, async () => {
      const s = await stage(/** @type {any} */ (name));
      try {
        const { logs } = await s.server.api('GET', '/api/usage/call-logs?limit=1000');
        const got = {
          providers: (await s.server.api('GET', '/api/providers')).connections.length,
          combos: (await s.server.api('GET', '/api/combos')).combos.length,
          keys: (await s.server.api('GET', '/api/keys')).keys.length,
          ok: logs.filter((l) => l.status === 200).length,
          failed: logs.filter((l) => l.status >= 400).length,
        };
        assert.deepEqual(got, want);
        // A fallback is what the trace is about.
        if (name === 'small') assert.ok(logs.some((l) => l.attempts > 1 && l.answeredBy === 'north/gpt-4.1-mini'), JSON.stringify(logs[1]));
      } finally {
        await s.close();
      }
    });
  }
});
