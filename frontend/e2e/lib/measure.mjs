// What a page costs: bytes, requests, nodes, paint, blocked time, heap. Numbers of one load; the suite takes medians.

/** Observers that must stand before the page's own scripts. */
export function observe() {
  Object.assign(window, { __lcp: 0, __blocked: 0 });
  new PerformanceObserver((list) => { for (const e of list.getEntries()) window['__lcp'] = e.startTime; }).observe({ type: 'largest-contentful-paint', buffered: true });
  new PerformanceObserver((list) => { for (const e of list.getEntries()) window['__blocked'] += Math.max(0, e.duration - 50); }).observe({ type: 'longtask', buffered: true });
}

/** Runs in the page. Controls of the first viewport, nodes of the whole document, share of text under 12 px. */
export function count() {
  let small = 0;
  let all = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n = walker.nextNode(); n; n = walker.nextNode()) {
    const length = n.nodeValue.trim().length;
    if (!length || !n.parentElement.getClientRects().length) continue;
    all += length;
    if (parseFloat(getComputedStyle(n.parentElement).fontSize) < 12) small += length;
  }
  // What a modal dialog covers cannot be pressed.
  const reach = [...document.querySelectorAll('[role=dialog]')].find(() => document.querySelector('h1')?.closest('[aria-hidden=true]')) ?? document;
  const controls = [...reach.querySelectorAll('a[href],button,input,select,textarea,[role=switch],[role=tab],[role=combobox],[role=radio],[role=checkbox],[tabindex="0"]')].filter((e) => {
    const r = e.getBoundingClientRect();
    return r.width > 1 && r.height > 1 && r.top < innerHeight && r.bottom > 0;
  });
  return { nodes: document.querySelectorAll('*').length, controls: controls.length, small: all ? small / all : 0, lcp: window['__lcp'], blocked: window['__blocked'] };
}

/** Counts what comes over the wire. @param {import('playwright-core').Page} page */
export async function wire(page) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Network.enable');
  const seen = new Map();
  cdp.on('Network.responseReceived', (e) => seen.set(e.requestId, { url: e.response.url, type: e.type, bytes: 0, encoding: e.response.headers['content-encoding'] ?? e.response.headers['Content-Encoding'] }));
  cdp.on('Network.loadingFinished', (e) => { const r = seen.get(e.requestId); if (r) r.bytes = e.encodedDataLength; });
  return {
    list: () => [...seen.values()],
    clear: () => seen.clear(),
    /** Bytes of heap after a collection. */
    heap: async () => {
      await cdp.send('HeapProfiler.collectGarbage');
      return (await cdp.send('Runtime.getHeapUsage')).usedSize;
    },
    cold: () => cdp.send('Network.clearBrowserCache'),
  };
}

export const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
