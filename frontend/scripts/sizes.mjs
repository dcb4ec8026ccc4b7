// Prints what the first screen costs and fails above the budgets of
// dashboard.md section 0: JS <= 250 KB, all bytes <= 320 KB, <= 12 requests.
import { readFileSync, readdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const dist = new URL('../dist/app/', import.meta.url);
const size = (file) => gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length;

const page = readFileSync(new URL('index.html', dist), 'utf8');
const files = new Set(['index.html']);
for (const match of page.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)) files.add(match[1]);
for (const file of readdirSync(new URL('assets/', dist))) {
  if (/^words-en-|^home-/.test(file)) files.add(`assets/${file}`);
}

const kb = (n) => `${(n / 1024).toFixed(1)} KB`;
const rows = [...files].map((file) => ({ file, bytes: size(file) })).sort((a, b) => b.bytes - a.bytes);
const all = rows.reduce((sum, row) => sum + row.bytes, 0);
const js = rows.filter((row) => row.file.endsWith('.js')).reduce((sum, row) => sum + row.bytes, 0);
// Beside the files Home asks for its data; those answers are small and counted
// by the browser suite.
console.log('First screen (gzip):');
for (const row of rows) console.log(`  ${kb(row.bytes).padStart(9)}  ${row.file}`);
const budgets = [
  ['JavaScript', js, 250 * 1024],
  ['all files', all, 320 * 1024],
];
let over = false;
for (const [name, value, limit] of budgets) {
  over ||= value > limit;
  console.log(`  ${kb(value).padStart(9)}  ${name}, budget ${kb(limit)}${value > limit ? '  OVER BUDGET' : ''}`);
}
console.log(`  ${String(rows.length).padStart(6)} of 12 requests for files`);
if (over || rows.length > 12) process.exit(1);
