// Reads a request of any of the four upstream formats into one plain shape, so that scenarios and checks need to know no format.
//   {model, stream, system, turns, tools, schema, maxTokens, temperature, stop, wantsThinking}
//   turn = {role: user|assistant, texts[], images, thinking: [{text, signature}], calls: [{id, name, args}], results: [{id, name, text}]}

const isObject = (v) => v !== null && typeof v === 'object' && !Array.isArray(v);
const list = (v) => (Array.isArray(v) ? v : v === undefined || v === null ? [] : [v]);
const json = (s) => { try { return JSON.parse(s || '{}'); } catch { return { unparsed: s }; } };

function turn(role) { return { role, texts: [], images: 0, thinking: [], calls: [], results: [] }; }

// The visible text of a string or of a list of text parts.
function textOf(content) {
  return list(content).map((p) => (typeof p === 'string' ? p : typeof p?.text === 'string' ? p.text : '')).join('');
}

function addParts(t, content) {
  for (const p of list(content)) {
    if (typeof p === 'string') t.texts.push(p);
    else if (/image/.test(p.type ?? '')) t.images++;
    else if (typeof p.text === 'string') t.texts.push(p.text);
  }
}

function readChat(r) {
  const system = []; const turns = [];
  const last = (role) => { if (turns.at(-1)?.role !== role) turns.push(turn(role)); return turns.at(-1); };
  for (const m of list(r.messages)) {
    if (m.role === 'system' || m.role === 'developer') { system.push(textOf(m.content)); continue; }
    if (m.role === 'tool') { last('user').results.push({ id: m.tool_call_id, text: textOf(m.content) }); continue; }
    const t = last(m.role === 'assistant' ? 'assistant' : 'user');
    if (m.reasoning_content) t.thinking.push({ text: m.reasoning_content });
    addParts(t, m.content);
    for (const c of list(m.tool_calls)) t.calls.push({ id: c.id, name: c.function?.name, args: json(c.function?.arguments) });
  }
  const format = r.response_format;
  return {
    system, turns, maxTokens: r.max_completion_tokens ?? r.max_tokens, temperature: r.temperature, stop: list(r.stop),
    tools: list(r.tools).map((t) => ({ name: t.function?.name ?? t.custom?.name, schema: t.function?.parameters })),
    schema: format?.type === 'json_schema' ? format.json_schema?.schema : undefined,
    wantsThinking: !!r.reasoning_effort && r.reasoning_effort !== 'none',
  };
}

function readResponses(r) {
  const system = list(r.instructions); const turns = [];
  const last = (role) => { if (turns.at(-1)?.role !== role) turns.push(turn(role)); return turns.at(-1); };
  for (const it of typeof r.input === 'string' ? [{ role: 'user', content: r.input }] : list(r.input)) {
    if (/call_output$/.test(it.type ?? '')) { last('user').results.push({ id: it.call_id, text: textOf(it.output) }); continue; }
    if (/call$/.test(it.type ?? '')) {
      last('assistant').calls.push({ id: it.call_id, name: it.name ?? it.type, args: it.arguments === undefined ? { input: it.input ?? it.action } : json(it.arguments) });
    } else if (it.type === 'reasoning') {
      last('assistant').thinking.push({ text: list(it.summary).map((s) => s.text).join(''), signature: it.encrypted_content });
    } else if (it.role === 'system' || it.role === 'developer') system.push(textOf(it.content));
    else if (it.role) addParts(last(it.role === 'assistant' ? 'assistant' : 'user'), it.content);
  }
  const format = r.text?.format;
  return {
    system, turns, maxTokens: r.max_output_tokens, temperature: r.temperature, stop: undefined,
    tools: list(r.tools).flatMap((t) => (t.type === 'namespace' ? list(t.tools).map((x) => ({ name: x.name, namespace: t.name, schema: x.parameters })) : [{ name: t.name ?? t.type, kind: t.type, schema: t.parameters }])),
    schema: format?.type === 'json_schema' ? format.schema : undefined,
    wantsThinking: !!r.reasoning?.effort && r.reasoning.effort !== 'none',
  };
}

function readAnthropic(r) {
  const system = list(r.system).map((b) => (typeof b === 'string' ? b : b.text)); const turns = [];
  for (const m of list(r.messages)) {
    if (m.role === 'system') { system.push(textOf(m.content)); continue; }
    if (turns.at(-1)?.role !== m.role) turns.push(turn(m.role));
    const t = turns.at(-1);
    for (const b of list(m.content)) {
      if (b.type === 'tool_use') t.calls.push({ id: b.id, name: b.name, args: b.input });
      else if (b.type === 'tool_result') t.results.push({ id: b.tool_use_id, text: textOf(b.content) });
      else if (b.type === 'thinking') t.thinking.push({ text: b.thinking, signature: b.signature });
      else addParts(t, [b]);
    }
  }
  const format = r.output_config?.format ?? r.output_format;
  return {
    system, turns, maxTokens: r.max_tokens, temperature: r.temperature, stop: list(r.stop_sequences),
    tools: list(r.tools).map((t) => ({ name: t.name, schema: t.input_schema })),
    schema: format?.type === 'json_schema' ? format.schema : undefined,
    wantsThinking: ['enabled', 'adaptive'].includes(r.thinking?.type),
  };
}

function readGemini(r) {
  const g = r.generationConfig ?? {}; const turns = [];
  for (const c of list(r.contents)) {
    const role = c.role === 'model' ? 'assistant' : 'user';
    if (turns.at(-1)?.role !== role) turns.push(turn(role));
    const t = turns.at(-1);
    for (const p of list(c.parts)) {
      if (p.functionCall) { t.calls.push({ id: p.functionCall.id, name: p.functionCall.name, args: p.functionCall.args ?? {} }); if (p.thoughtSignature) t.thinking.push({ text: '', signature: p.thoughtSignature }); }
      else if (p.functionResponse) t.results.push({ id: p.functionResponse.id, name: p.functionResponse.name, text: JSON.stringify(p.functionResponse.response) });
      else if (p.inlineData || p.fileData) t.images++;
      else if (p.thought) t.thinking.push({ text: p.text ?? '', signature: p.thoughtSignature });
      else if (typeof p.text === 'string') t.texts.push(p.text);
    }
  }
  const th = g.thinkingConfig;
  return {
    system: list(r.systemInstruction?.parts ?? r.systemInstruction).map((p) => (typeof p === 'string' ? p : p.text)), turns,
    maxTokens: g.maxOutputTokens, temperature: g.temperature, stop: list(g.stopSequences),
    tools: list(r.tools).flatMap((t) => list(t.functionDeclarations)).map((f) => ({ name: f.name, schema: f.parametersJsonSchema ?? f.parameters })),
    schema: g.responseJsonSchema ?? g.responseSchema,
    wantsThinking: isObject(th) && (th.includeThoughts === true || th.thinkingBudget > 0 || !!th.thinkingLevel),
  };
}

const readers = { 'openai-chat': readChat, 'openai-responses': readResponses, anthropic: readAnthropic, gemini: readGemini };

export function readRequest(format, body) {
  const r = readers[format](body);
  return { model: body.model, stream: body.stream === true, ...r, system: r.system.filter(Boolean).join('\n\n') };
}
