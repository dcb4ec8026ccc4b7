// @vitest-environment node
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8');

function block(start: RegExp): Record<string, string> {
  const at = start.exec(css);
  if (!at) throw new Error(`no block ${start.source}`);
  const body = css.slice(at.index + at[0].length).split('}')[0] ?? '';
  return Object.fromEntries([...body.matchAll(/--([\w-]+):\s*([^;]+);/g)].map((m) => [m[1] ?? '', (m[2] ?? '').trim()]));
}

const light = block(/^:root \{/m);
const dark = { ...light, ...block(/:root\[data-theme='dark'\] \{/) };
const system = block(/:root:not\(\[data-theme\]\) \{/);

const channel = (hex: string, i: number) => {
  const c = Number.parseInt(hex.slice(1 + 2 * i, 3 + 2 * i), 16) / 255;
  return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
};
const luminance = (hex: string) => 0.2126 * channel(hex, 0) + 0.7152 * channel(hex, 1) + 0.0722 * channel(hex, 2);
const contrast = (a: string, b: string) => {
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
};

describe.each([
  ['light', light],
  ['dark', dark],
])('contrast in %s', (_, tokens) => {
  const of = (name: string) => {
    const value = tokens[name];
    if (value === undefined) throw new Error(`no token ${name}`);
    return value;
  };
  const grounds = ['bg', 'surface', 'sunken', 'hover'];
  it.each(['text', 'text-2', 'text-3', 'accent', 'ok', 'warn', 'bad', 'off'])('%s can be read on every ground', (name) => {
    for (const ground of grounds) expect(contrast(of(name), of(ground)), `${name} on ${ground}`).toBeGreaterThanOrEqual(4.5);
  });
  it.each(['accent', 'ok', 'warn', 'bad', 'off'])('%s can be read on its own soft colour', (name) => {
    expect(contrast(of(name), of(`${name}-soft`))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(of('text'), of(`${name}-soft`))).toBeGreaterThanOrEqual(12.7);
  });
  it('the main button can be read', () => {
    for (const ground of ['accent', 'accent-hover']) expect(contrast(of('on-accent'), of(ground))).toBeGreaterThanOrEqual(4.5);
  });
  it.each(['border-strong', 'focus'])('%s can be seen on every ground', (name) => {
    for (const ground of grounds) expect(contrast(of(name), of(ground)), `${name} on ${ground}`).toBeGreaterThanOrEqual(3);
  });
});

describe('the two dark blocks', () => {
  it('are equal', () => {
    expect(system).toEqual(block(/:root\[data-theme='dark'\] \{/));
  });
});
