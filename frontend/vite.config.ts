/// <reference types="vitest/config" />
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// The areas whose words the first screen needs travel in one chunk per
// language; every other area has its own, loaded with its page.
const firstWords = ['common', 'shell', 'home', 'lock', 'conditions', 'errors', 'reasons'];

// A blocking script that is no module: it sets theme and language of the
// document before the first paint. CSP allows scripts from our own files only,
// so it cannot be inline (rulings 1.8).
function earlyScript(): Plugin {
  const source = at('src/lib/theme/early.js');
  let ref = '';
  return {
    name: 'early-script',
    buildStart() {
      if (this.environment.mode === 'build') {
        ref = this.emitFile({ type: 'asset', name: 'early.js', source: readFileSync(source, 'utf8') });
      }
    },
    transformIndexHtml: {
      order: 'post',
      handler(_html, ctx) {
        const src = ctx.bundle
          ? '/' + (Object.values(ctx.bundle).find((f) => f.type === 'asset' && f.names.includes('early.js'))?.fileName ?? ref)
          : '/src/lib/theme/early.js';
        return [{ tag: 'script', attrs: { src }, injectTo: 'head-prepend' }];
      },
    },
  };
}

interface Graph {
  getModuleInfo: (id: string) => { importers: readonly string[] } | null;
}

// What the shell and Home import is one file: a first visit makes few requests
// (dashboard.md section 0). Everything behind a dynamic import stays apart.
const firstRoots = [at('src/main.tsx'), at('src/features/home/index.ts')];
const first = new Map<string, boolean>();
function onFirstScreen(id: string, graph: Graph): boolean {
  const known = first.get(id);
  if (known !== undefined) return known;
  first.set(id, false); // circles end here
  const is = firstRoots.includes(id) || (graph.getModuleInfo(id)?.importers ?? []).some((importer) => onFirstScreen(importer, graph));
  first.set(id, is);
  return is;
}

export default defineConfig(({ mode }) => ({
  plugins: [react(), tailwindcss(), earlyScript()],
  resolve: { alias: { '@': at('src') } },
  define: {
    // Pseudo-locales and the fixture browser exist in development and in the
    // builds that tests make of them, never in what is shipped.
    __WORKBENCH__: JSON.stringify(mode !== 'production'),
  },
  build: {
    outDir: mode === 'production' ? 'dist/app' : `dist/${mode}`,
    emptyOutDir: true,
    target: ['chrome111', 'safari16.4', 'firefox128'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            {
              debugName: 'first screen',
              name: (id: string, graph: Graph) => {
                const word = /\/src\/i18n\/([^/]+)\/([^/]+)\.json$/.exec(id);
                if (word) return firstWords.includes(word[2] ?? '') ? `words-${word[1]}` : null;
                return id.includes('rolldown/runtime') || onFirstScreen(id, graph) ? 'app' : null;
              },
            },
          ],
        },
      },
    },
  },
  server: { port: 5173, strictPort: false },
  test: {
    environment: 'jsdom',
    setupFiles: ['src/test/setup.ts'],
    include: ['src/**/*.test.{ts,tsx}'],
    restoreMocks: true,
    // A busy machine is slow, not wrong.
    testTimeout: 60_000,
  },
}));
