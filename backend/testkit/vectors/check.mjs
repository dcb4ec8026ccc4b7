// Checks translations against the vectors of this folder with the reference
// matcher. It speaks JSON lines on stdin and stdout, one answer a line:
//
//   {list: true}                    -> {vectors: [{name, kind, steps}]}
//   {name, step}                    -> {call: {kind, from, to, target, context, input, inputRaw}}
//   {name, step, out}               -> {errs: [...]}   and binds the step's variables
//   {name, step, out, again: true}  -> the same without binding
//   {check: {kind, to, expect}, out} -> {errs: [...]}   of no vector
//
// out is what run.mjs gets from the translator: {raw} | {events} |
// {status, headers, raw} | {rejected}. Steps of vectors that are no round
// trips are 0. A folder other than this one may be given as argument.
import path from 'node:path';
import readline from 'node:readline';
import { fileURLToPath } from 'node:url';
import { loadVectors, checkResult, bindVars, reduceStream, resolve } from './match.mjs';

const dir = process.argv[2] || path.dirname(fileURLToPath(import.meta.url));
const vectors = new Map(loadVectors(dir).filter((v) => v.kind).map((v) => [v.name, v]));
const sessions = new Map(); // name -> {vars, lastRequest}

// A round trip begins anew with its first step.
function session(name, step) {
  if (step === 0) sessions.set(name, { vars: {}, lastRequest: undefined });
  return sessions.get(name);
}

function call(v, i) {
  if (v.kind !== 'roundtrip') {
    const { kind, from, to, target, context, input, inputRaw } = v;
    return { kind, from, to, target, context, input, inputRaw };
  }
  const step = v.steps[i]; const s = session(v.name, i);
  const toUpstream = step.do === 'request';
  const input = bindVars(step.input, s.vars);
  const c = { kind: step.do, from: toUpstream ? v.from : v.to, to: toUpstream ? v.to : v.from, target: v.target, input, context: toUpstream ? undefined : { request: s.lastRequest } };
  if (toUpstream) s.lastRequest = input;
  return c;
}

function produced(kind, r) {
  const parsed = (raw) => { try { return JSON.parse(raw); } catch { return undefined; } };
  const data = (d) => { try { return JSON.parse(d); } catch { return d; } };
  const lower = (h) => Object.fromEntries(Object.entries(h ?? {}).map(([k, x]) => [k.toLowerCase(), x]));
  if (r.rejected) return { rejected: { status: r.rejected.status, headers: lower(r.rejected.headers), body: parsed(r.rejected.raw) } };
  if (kind === 'stream') return { sse: (r.events ?? []).map((e) => ({ event: e.event, data: data(e.data) })) };
  if (kind === 'error') return { status: r.status, headers: lower(r.headers), body: parsed(r.raw), raw: r.raw };
  return { body: parsed(r.raw), raw: r.raw };
}

function firstToolId(format, body) {
  if (format === 'anthropic') return body?.content?.find((b) => b.type === 'tool_use')?.id;
  if (format === 'openai-chat') return body?.choices?.[0]?.message?.tool_calls?.[0]?.id;
  if (format === 'openai-responses') return body?.output?.find((o) => /call$/.test(o.type))?.call_id;
  return resolve(body, 'candidates[0].content.parts[*].functionCall.id')[0];
}

function check(v, i, result, again) {
  if (v.kind !== 'roundtrip') {
    return checkResult(v.kind, v.kind === 'count_tokens' ? v.from : v.to, v.expect, produced(v.kind, result));
  }
  const step = v.steps[i]; const s = sessions.get(v.name);
  const kind = step.do; const to = kind === 'request' ? v.to : v.from;
  const out = produced(kind, result);
  const errs = checkResult(kind, to, bindVars(step.expect ?? {}, s.vars), out);
  const body = kind === 'stream' ? reduceStream(to, out.sse).final : out.body;
  for (const [name, p] of again ? [] : Object.entries(step.bind ?? {})) {
    s.vars[name] = p !== '@firstToolId' ? resolve(body, p)[0]
      : kind === 'stream' ? reduceStream(to, out.sse).summary.tool_calls?.[0]?.id : firstToolId(to, body);
  }
  return errs;
}

function answer(q) {
  if (q.list) return { vectors: [...vectors.values()].map((v) => ({ name: v.name, kind: v.kind, steps: v.steps?.length ?? 1 })) };
  if (q.check) {
    try { return { errs: checkResult(q.check.kind, q.check.to, q.check.expect ?? {}, produced(q.check.kind, q.out)) }; } catch (e) { return { errs: [String(e?.stack ?? e)] }; }
  }
  const v = vectors.get(q.name);
  if (!v) return { errs: ['no such vector: ' + q.name] };
  if (!q.out) return { call: call(v, q.step ?? 0) };
  try { return { errs: check(v, q.step ?? 0, q.out, q.again) }; } catch (e) { return { errs: [String(e?.stack ?? e)] }; }
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  if (line) process.stdout.write(JSON.stringify(answer(JSON.parse(line))) + '\n');
}
