import type { Trace } from '@/lib/api';

const ask = 'Say hello.';

/** A body for each of the client formats, with the model that was asked for. */
function bodyOf(trace: Pick<Trace, 'formatFrom' | 'requestedModel' | 'stream'>): unknown {
  const model = trace.requestedModel;
  const stream = trace.stream ? { stream: true } : {};
  switch (trace.formatFrom) {
    case 'anthropic':
      return { model, max_tokens: 64, messages: [{ role: 'user', content: ask }], ...stream };
    case 'openai-responses':
      return { model, input: ask, ...stream };
    case 'gemini':
      return { contents: [{ role: 'user', parts: [{ text: ask }] }] };
    default:
      return { model, messages: [{ role: 'user', content: ask }], ...stream };
  }
}

/** One shell word, whatever is in it. */
const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** The same path and model as a line for the shell. The key comes from the
 * environment: the page does not have it. */
export function curlOf(trace: Pick<Trace, 'formatFrom' | 'requestedModel' | 'stream' | 'path'>, endpoint: string): string {
  // What the dashboard asked itself (a test) has no address for tools.
  const own = trace.path.startsWith('/api/') && trace.path !== '/api/chat';
  const url = new URL(own ? '/v1/chat/completions' : trace.path, endpoint).toString();
  const lines = [`curl ${quote(url)}`, `-H 'Content-Type: application/json'`, `-H "Authorization: Bearer $OMNIROUTE_KEY"`];
  if (trace.formatFrom === 'anthropic') lines.push(`-H 'anthropic-version: 2023-06-01'`);
  lines.push(`-d ${quote(JSON.stringify(bodyOf(trace)))}`);
  return lines.join(' \\\n  ');
}
