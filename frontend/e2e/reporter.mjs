// One line per suite, every failure in full, and the counts at the end, as node's own reporters print them.
import { inspect } from 'node:util';

/** What to say of an error: its message and the lines of ours it came through. */
function said(error) {
  const cause = error?.cause ?? error;
  const text = typeof cause?.message === 'string' ? cause.message : inspect(cause);
  const at = String(cause?.stack ?? '').split('\n').filter((line) => line.includes('/frontend/e2e/')).slice(0, 3).map((line) => line.trim());
  return [...text.split('\n'), ...at].map((line) => `      ${line}`).join('\n');
}

/** @param {AsyncIterable<any>} source */
export default async function* lines(source) {
  let passed = 0;
  let failed = [];
  for await (const { type, data } of source) {
    if (type === 'test:pass' || type === 'test:fail') {
      const suite = data.details?.type === 'suite';
      if (!suite && data.skip === undefined) {
        if (type === 'test:pass') passed++;
        else failed.push(`    ✖ ${data.name}\n${said(data.details?.error)}`);
      } else if (suite && type === 'test:fail' && !failed.length) failed.push(said(data.details?.error));
      if (data.nesting === 0 && passed + failed.length > 0) {
        const seconds = (data.details.duration_ms / 1000).toFixed(1);
        yield `${failed.length ? 'FAIL' : 'ok  '} ${data.name}: ${passed} passed${failed.length ? `, ${failed.length} failed` : ''} (${seconds} s)\n${failed.map((f) => `${f}\n`).join('')}`;
        passed = 0;
        failed = [];
      }
    } else if (type === 'test:diagnostic' && data.nesting === 0 && /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) /.test(data.message)) {
      yield `# ${data.message}\n`;
    }
  }
}
