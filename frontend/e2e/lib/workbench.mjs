// The build for tests, with pseudo-locales that the shipped one does not have. The browser gets its files instead of the server's;
// everything else is the real server.
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from './server.mjs';

const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.json': 'application/json' };

/** Builds it outside of what is embedded; returns the folder. */
export async function buildWorkbench() {
  const to = path.join(ROOT, 'frontend/node_modules/.cache/workbench');
  await promisify(execFile)('npx', ['--no-install', 'vite', 'build', '--mode', 'workbench', '--outDir', to, '--emptyOutDir', '--logLevel', 'error'], { cwd: path.join(ROOT, 'frontend') });
  return to;
}

/** For Tab.enter: serves folder's files and begins in lang. @param {string} folder @param {string} lang */
export function pretend(folder, lang) {
  /** @param {import('playwright-core').BrowserContext} context @param {string} url */
  return async (context, url) => {
    const policy = (await fetch(`${url}/`)).headers.get('content-security-policy') ?? '';
    await context.route((u) => u.origin === url && (u.pathname === '/' || u.pathname.startsWith('/assets/')), (route) => {
      const name = path.join(folder, new URL(route.request().url()).pathname.replace(/^\/$/, '/index.html'));
      return route.fulfill({ body: fs.readFileSync(name), headers: { 'content-type': TYPES[path.extname(name)] ?? 'application/octet-stream', 'content-security-policy': policy } });
    });
    await context.addInitScript(([l, own]) => { if (location.origin === own) localStorage.setItem('omniroute.language', l); }, [lang, url]);
  };
}
