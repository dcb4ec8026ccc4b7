// Writes an answer of scenarios.mjs in any of the four upstream formats: as one body, as a list of stream frames, or as an error.
// A frame is {text, content?}: content marks frames that carry visible output (the point before and after which faults strike).
import { SIGNATURES, UPSTREAM_SAYS } from './scenarios.mjs';

const CREATED = 1790000000;
const FINISH = {
  'openai-chat': { stop: 'stop', length: 'length', filter: 'content_filter', tool_calls: 'tool_calls' },
  anthropic: { stop: 'end_turn', length: 'max_tokens', filter: 'refusal', tool_calls: 'tool_use' },
  gemini: { stop: 'STOP', length: 'MAX_TOKENS', filter: 'SAFETY', tool_calls: 'STOP' },
};

// Splits a text into pieces of n code points, as an upstream would stream them.
function pieces(text, n = 7) {
  const chars = Array.from(text); const out = [];
  for (let i = 0; i < chars.length; i += n) out.push(chars.slice(i, i + n).join(''));
  return out;
}
const data = (d, content) => ({ text: `data: ${JSON.stringify(d)}\n\n`, content });
const event = (name, d, content) => ({ text: `event: ${name}\ndata: ${JSON.stringify(d)}\n\n`, content });
const signed = (format) => SIGNATURES[format];

// ---------------------------------------------------------------- openai-chat
const chatUsage = (u) => ({
  prompt_tokens: u.input, completion_tokens: u.output, total_tokens: u.input + u.output,
  prompt_tokens_details: { cached_tokens: u.cacheRead, cache_write_tokens: u.cacheWrite, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: u.reasoning, audio_tokens: 0, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0 },
});
const chatCall = (c) => ({ id: `call_${c.id}`, type: 'function', function: { name: c.name, arguments: JSON.stringify(c.args) } });

function chatBody(a, { id, model }) {
  const message = { role: 'assistant', content: null, refusal: null };
  for (const p of a.parts) {
    if (p.thinking) message.reasoning_content = (message.reasoning_content ?? '') + p.thinking;
    else if (p.text) message.content = (message.content ?? '') + p.text;
    else if (p.call) (message.tool_calls ??= []).push(chatCall(p.call));
  }
  return { id: `chatcmpl-${id}`, object: 'chat.completion', created: CREATED, model, choices: [{ index: 0, message, logprobs: null, finish_reason: FINISH['openai-chat'][a.finish] }], usage: chatUsage(a.usage) };
}

function chatFrames(a, { id, model, includeUsage }) {
  const chunk = (delta, finish = null, content = false) => data({ id: `chatcmpl-${id}`, object: 'chat.completion.chunk', created: CREATED, model, choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }] }, content);
  /** @type {{text: string, content?: boolean}[]} */
  const frames = [chunk({ role: 'assistant', content: '' })];
  for (const p of a.parts) {
    if (p.thinking) for (const t of pieces(p.thinking)) frames.push(chunk({ reasoning_content: t }, null, true));
    if (p.text) for (const t of pieces(p.text)) frames.push(chunk({ content: t }, null, true));
  }
  // Parallel calls interleave: all start, then their arguments alternate piece by piece.
  const calls = a.parts.filter((p) => p.call).map((p) => chatCall(p.call));
  calls.forEach((c, index) => frames.push(chunk({ tool_calls: [{ index, ...c, function: { name: c.function.name, arguments: '' } }] }, null, true)));
  const rest = calls.map((c) => pieces(c.function.arguments));
  while (rest.some((r) => r.length)) rest.forEach((r, index) => { if (r.length) frames.push(chunk({ tool_calls: [{ index, function: { arguments: r.shift() } }] }, null, true)); });
  frames.push(chunk({}, FINISH['openai-chat'][a.finish]));
  if (includeUsage) frames.push(data({ id: `chatcmpl-${id}`, object: 'chat.completion.chunk', created: CREATED, model, choices: [], usage: chatUsage(a.usage) }));
  frames.push({ text: 'data: [DONE]\n\n' });
  return frames;
}

// ---------------------------------------------------------------- openai-responses
function responseObject(a, { id, model }, output, status) {
  const u = a.usage; const over = status === 'completed' || status === 'incomplete';
  return {
    id: `resp_${id}`, object: 'response', created_at: CREATED, status, model, output, error: null,
    incomplete_details: status === 'incomplete' ? { reason: a.finish === 'filter' ? 'content_filter' : 'max_output_tokens' } : null,
    instructions: null, max_output_tokens: null, metadata: {}, parallel_tool_calls: true, previous_response_id: null, reasoning: { effort: null, summary: null },
    store: false, temperature: 1, text: { format: { type: 'text' } }, tool_choice: 'auto', tools: [], top_p: 1, truncation: 'disabled',
    usage: over ? { input_tokens: u.input, input_tokens_details: { cached_tokens: u.cacheRead, cache_write_tokens: u.cacheWrite }, output_tokens: u.output, output_tokens_details: { reasoning_tokens: u.reasoning }, total_tokens: u.input + u.output } : null,
  };
}

function responseItems(a, id) {
  const status = a.finish === 'length' ? 'incomplete' : 'completed';
  return a.parts.map((p, i) => {
    if (p.thinking) return { id: `rs_${id}_${i}`, type: 'reasoning', summary: [{ type: 'summary_text', text: p.thinking }], encrypted_content: signed('openai-responses') };
    if (p.call) return { id: `fc_${id}_${i}`, type: 'function_call', status, call_id: `call_${p.call.id}`, name: p.call.name, ...(p.call.namespace && { namespace: p.call.namespace }), arguments: JSON.stringify(p.call.args) };
    return { id: `msg_${id}_${i}`, type: 'message', role: 'assistant', status, content: [{ type: 'output_text', text: p.text, annotations: [], logprobs: [] }] };
  });
}
const responseStatus = (a) => (a.finish === 'length' || a.finish === 'filter' ? 'incomplete' : 'completed');
const responsesBody = (a, ids) => responseObject(a, ids, responseItems(a, ids.id), responseStatus(a));

function itemFrames(item, output_index, ev) {
  const at = { item_id: item.id, output_index };
  if (item.type === 'message') {
    const part = item.content[0]; const here = { ...at, content_index: 0 };
    ev('response.output_item.added', { output_index, item: { ...item, status: 'in_progress', content: [] } });
    ev('response.content_part.added', { ...here, part: { ...part, text: '' } });
    for (const delta of pieces(part.text)) ev('response.output_text.delta', { ...here, delta, logprobs: [] }, true);
    ev('response.output_text.done', { ...here, text: part.text, logprobs: [] });
    ev('response.content_part.done', { ...here, part });
  } else if (item.type === 'function_call') {
    ev('response.output_item.added', { output_index, item: { ...item, status: 'in_progress', arguments: '' } }, true);
    for (const delta of pieces(item.arguments)) ev('response.function_call_arguments.delta', { ...at, delta }, true);
    ev('response.function_call_arguments.done', { ...at, name: item.name, arguments: item.arguments });
  } else {
    const here = { ...at, summary_index: 0 }; const { text } = item.summary[0];
    ev('response.output_item.added', { output_index, item: { ...item, summary: [], encrypted_content: '' } });
    ev('response.reasoning_summary_part.added', { ...here, part: { type: 'summary_text', text: '' } });
    for (const delta of pieces(text)) ev('response.reasoning_summary_text.delta', { ...here, delta }, true);
    ev('response.reasoning_summary_text.done', { ...here, text });
    ev('response.reasoning_summary_part.done', { ...here, part: item.summary[0] });
  }
  ev('response.output_item.done', { output_index, item });
}

function responsesFrames(a, ids) {
  const frames = []; let sequence_number = 0; const items = responseItems(a, ids.id);
  const ev = (type, more, content) => frames.push(event(type, { type, sequence_number: sequence_number++, ...more }, content));
  ev('response.created', { response: responseObject(a, ids, [], 'in_progress') });
  ev('response.in_progress', { response: responseObject(a, ids, [], 'in_progress') });
  items.forEach((item, i) => itemFrames(item, i, ev));
  ev(`response.${responseStatus(a)}`, { response: responseObject(a, ids, items, responseStatus(a)) });
  return frames;
}

// ---------------------------------------------------------------- anthropic
const anthropicUsage = (u, output) => ({
  input_tokens: u.input - u.cacheRead - u.cacheWrite, cache_read_input_tokens: u.cacheRead, cache_creation_input_tokens: u.cacheWrite,
  cache_creation: { ephemeral_5m_input_tokens: u.cacheWrite, ephemeral_1h_input_tokens: 0 }, output_tokens: output, service_tier: 'standard',
  ...(output > 1 && { output_tokens_details: { thinking_tokens: u.reasoning } }),
});
const anthropicBlocks = (a) => a.parts.map((p) => {
  if (p.thinking) return { type: 'thinking', thinking: p.thinking, signature: signed('anthropic') };
  if (p.call) return { type: 'tool_use', id: `toolu_${p.call.id}`, name: p.call.name, input: p.call.args };
  return { type: 'text', text: p.text, citations: null };
});
const anthropicMessage = (a, { id, model }, more) => ({ id: `msg_${id}`, type: 'message', role: 'assistant', model, content: [], stop_reason: null, stop_sequence: null, usage: anthropicUsage(a.usage, 1), ...more });
const anthropicBody = (a, ids) => anthropicMessage(a, ids, { content: anthropicBlocks(a), stop_reason: FINISH.anthropic[a.finish], usage: anthropicUsage(a.usage, a.usage.output) });

function anthropicFrames(a, ids) {
  const ev = (type, more, content) => event(type, { type, ...more }, content);
  const frames = [ev('message_start', { message: anthropicMessage(a, ids) }), ev('ping', {})];
  anthropicBlocks(a).forEach((b, index) => {
    const delta = (type, field, value) => ev('content_block_delta', { index, delta: { type, [field]: value } }, true);
    if (b.type === 'text') {
      frames.push(ev('content_block_start', { index, content_block: { type: 'text', text: '' } }), ...pieces(b.text).map((t) => delta('text_delta', 'text', t)));
    } else if (b.type === 'thinking') {
      frames.push(ev('content_block_start', { index, content_block: { type: 'thinking', thinking: '', signature: '' } }), ...pieces(b.thinking).map((t) => delta('thinking_delta', 'thinking', t)), delta('signature_delta', 'signature', b.signature));
    } else {
      frames.push(ev('content_block_start', { index, content_block: { ...b, input: {} } }, true), delta('input_json_delta', 'partial_json', ''), ...pieces(JSON.stringify(b.input)).map((t) => delta('input_json_delta', 'partial_json', t)));
    }
    frames.push(ev('content_block_stop', { index }));
  });
  const { output_tokens, ...input } = anthropicUsage(a.usage, a.usage.output);
  frames.push(ev('message_delta', { delta: { stop_reason: FINISH.anthropic[a.finish], stop_sequence: null }, usage: { ...input, output_tokens } }), ev('message_stop', {}));
  return frames;
}

// ---------------------------------------------------------------- gemini
// Calls carry no id, as the public API sends them; the thought signature sits on the first call of a step.
function geminiParts(a) {
  let signature = a.parts.some((p) => p.thinking) ? signed('gemini') : undefined;
  return a.parts.map((p) => {
    if (p.thinking) return { text: p.thinking, thought: true };
    if (!p.call) return { text: p.text };
    const part = { functionCall: { name: p.call.name, args: p.call.args }, ...(signature && { thoughtSignature: signature }) };
    signature = undefined;
    return part;
  });
}
const geminiUsage = (u) => ({ promptTokenCount: u.input, cachedContentTokenCount: u.cacheRead, candidatesTokenCount: u.output - u.reasoning, thoughtsTokenCount: u.reasoning, totalTokenCount: u.input + u.output });
const geminiObject = (a, { id, model }, parts, finish, usage) => ({ candidates: [{ index: 0, content: { role: 'model', parts }, ...(finish && { finishReason: finish }) }], ...(usage && { usageMetadata: usage }), modelVersion: model, responseId: id });
const geminiBody = (a, ids) => geminiObject(a, ids, a.parts.length ? geminiParts(a) : [{ text: '' }], FINISH.gemini[a.finish], geminiUsage(a.usage));

function geminiFrames(a, ids) {
  const frames = [];
  for (const part of geminiParts(a)) {
    const split = part.functionCall ? [part] : pieces(part.text, 9).map((text) => ({ ...part, text }));
    for (const p of split) frames.push(data(geminiObject(a, ids, [p], undefined, { promptTokenCount: a.usage.input, totalTokenCount: a.usage.input }), true));
  }
  frames.push(data(geminiObject(a, ids, [{ text: '' }], FINISH.gemini[a.finish], geminiUsage(a.usage))));
  return frames;
}

const writers = { 'openai-chat': [chatBody, chatFrames], 'openai-responses': [responsesBody, responsesFrames], anthropic: [anthropicBody, anthropicFrames], gemini: [geminiBody, geminiFrames] };
export const writeBody = (format, answer, ids) => writers[format][0](answer, ids);
export const writeFrames = (format, answer, ids) => writers[format][1](answer, ids);

// ---------------------------------------------------------------- errors
const ERRORS = { // kind: [status, anthropic type, openai type, openai code, google status]
  invalid: [400, 'invalid_request_error', 'invalid_request_error', null, 'INVALID_ARGUMENT'],
  auth: [401, 'authentication_error', 'authentication_error', 'invalid_api_key', 'UNAUTHENTICATED'],
  missing: [404, 'not_found_error', 'invalid_request_error', 'model_not_found', 'NOT_FOUND'],
  rate: [429, 'rate_limit_error', 'rate_limit_error', 'rate_limit_exceeded', 'RESOURCE_EXHAUSTED'],
  broken: [500, 'api_error', 'server_error', null, 'INTERNAL'],
  overloaded: [529, 'overloaded_error', 'server_error', 'overloaded', 'UNAVAILABLE'],
};

/** @param {string} format @param {{kind: string, status?: number, message?: string, retryAfter?: number, details?: object}} fault */
export function writeError(format, { kind, status, message, retryAfter, details }) {
  const [usual, anthropicType, type, code, google] = ERRORS[kind]; const msg = message ?? UPSTREAM_SAYS;
  const real = (status ?? usual) === 529 && format !== 'anthropic' ? 503 : status ?? usual;
  if (format === 'anthropic') return { status: real, headers: { 'request-id': 'req_double', ...(retryAfter && { 'retry-after': String(retryAfter) }) }, body: { type: 'error', error: { type: anthropicType, message: msg, ...(details && { details }) }, request_id: 'req_double' } };
  if (format === 'gemini') return { status: real, headers: {}, body: { error: { code: real, message: msg, status: google, details: retryAfter ? [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${retryAfter}s` }] : [] } } };
  return { status: real, headers: retryAfter ? { 'retry-after': String(retryAfter) } : {}, body: { error: { message: msg, type, param: null, code } } };
}

// The frame with which a stream of this format says that it failed.
export function errorFrame(format, { id, model }) {
  const { body } = writeError(format, { kind: 'overloaded' });
  if (format === 'anthropic') return event('error', body);
  if (format !== 'openai-responses') return data(body);
  const response = { ...responseObject({ usage: {} }, { id, model }, [], 'failed'), error: { code: 'server_error', message: UPSTREAM_SAYS } };
  return event('response.failed', { type: 'response.failed', sequence_number: 900, response });
}
