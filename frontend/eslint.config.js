// The rules of dashboard.md section 4 and 4.4 that a machine can hold.
import { readdirSync } from 'node:fs';
import hooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

const features = readdirSync(new URL('src/features', import.meta.url));

const physical =
  '(?:^|[\\s:!])-?(?:m[lr]|p[lr]|left|right|border-[lr]|rounded-[lr]|rounded-[tb][lr]|scroll-m[lr]|scroll-p[lr])-|(?:^|[\\s:])(?:text-left|text-right|float-left|float-right|border-l|border-r|rounded-l|rounded-r)(?=$|\\s)';
const palette =
  '(?:bg|text|border|ring|fill|stroke|from|via|to|outline|divide|accent|caret|decoration|shadow)-(?:slate|gray|zinc|neutral|stone|red|orange|amber|yellow|lime|green|emerald|teal|cyan|sky|blue|indigo|violet|purple|fuchsia|pink|rose|white|black)(?:-\\d+)?(?:[\\s/]|$)';
const hex = '(?:^|[\\s\\[(:])#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})(?=$|[\\s\\])/;,])';

const inText = (pattern, message) => [
  { selector: `Literal[value=/${pattern}/]`, message },
  { selector: `TemplateElement[value.raw=/${pattern}/]`, message },
];

const syntax = [
  ...inText(hex, 'No colours outside styles/tokens.css: use a token name.'),
  ...inText(palette, 'No palette classes: use a token name (bg-surface, text-text-2 …).'),
  ...inText(physical, 'Logical properties only (ms-, pe-, start-, border-s …): the page also runs right to left.'),
  { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
  { selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']", message: 'Text is never HTML.' },
];

const doors = [
  { name: 'zod', message: 'Use zod/mini: the full entry costs 100 KB.' },
  { name: 'zod/v4', message: 'Use zod/mini.' },
];

const globals = ['alert', 'confirm', 'prompt', 'print'].map((name) => ({ name, message: 'A webview has none that works: use components/ui.' }));
const fetchers = ['fetch', 'EventSource', 'WebSocket', 'XMLHttpRequest'].map((name) => ({ name, message: 'Only lib/api talks to Go.' }));
const properties = ['open', 'alert', 'confirm', 'prompt', 'print'].map((property) => ({
  object: 'window',
  property,
  message: 'A webview has none that works: use lib/platform and components/ui.',
}));
const windowDoors = ['go', 'runtime', 'fetch'].map((property) => ({ object: 'window', property, message: 'Only lib/api and lib/platform talk to the host.' }));

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'e2e', 'src/lib/api/gen.ts', 'src/lib/theme/early.js', 'scripts'] },
  {
    files: ['src/**/*.{ts,tsx}'],
    extends: [...tseslint.configs.strictTypeChecked],
    plugins: { 'react-hooks': hooks },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      ...hooks.configs.recommended.rules,
      'no-restricted-syntax': ['error', ...syntax],
      'no-restricted-globals': ['error', ...globals, ...fetchers],
      'no-restricted-properties': ['error', ...properties, ...windowDoors],
      'no-restricted-imports': ['error', { paths: doors }],
      'no-console': ['error', { allow: ['error'] }],
      'max-lines': ['error', { max: 250, skipBlankLines: true, skipComments: true }],
      eqeqeq: 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false }],
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/no-invalid-void-type': 'off',
      // Misjudges assertions on indexed access of generics; tsc has the say.
      '@typescript-eslint/no-unnecessary-type-assertion': 'off',
      '@typescript-eslint/no-unnecessary-type-arguments': 'off',
    },
  },
  ...features.map((name) => ({
    files: [`src/features/${name}/**/*.{ts,tsx}`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: doors,
          patterns: features
            .filter((other) => other !== name)
            .map((other) => ({ group: [`@/features/${other}`, `@/features/${other}/*`, `../${other}`, `../${other}/*`], message: 'Features do not know each other: share through components/.' })),
        },
      ],
    },
  })),
  {
    files: ['src/components/**/*.{ts,tsx}', 'src/lib/**/*.{ts,tsx}'],
    rules: {
      'no-restricted-imports': ['error', { paths: doors, patterns: [{ group: ['@/features/*', '@/routes/*'], message: 'Lower floors do not know pages.' }] }],
    },
  },
  {
    files: ['src/components/ui/**/*.{ts,tsx}'],
    rules: {
      'no-restricted-imports': [
        'error',
        { paths: doors, patterns: [{ group: ['@/features/*', '@/routes/*', '@/lib/api', '@/lib/api/*', '@/lib/query', '@/lib/query/*', '@/components/shell/*'], message: 'Primitives do not know our domain.' }] },
      ],
    },
  },
  {
    files: ['src/lib/api/**/*.ts', 'src/lib/platform/**/*.ts'],
    rules: { 'no-restricted-globals': ['error', ...globals], 'no-restricted-properties': ['error', ...properties] },
  },
  {
    files: ['src/**/*.test.{ts,tsx}', 'src/test/**'],
    rules: {
      'max-lines': ['error', { max: 500 }],
      'no-restricted-globals': 'off',
      'no-restricted-properties': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/require-await': 'off',
    },
  },
);
