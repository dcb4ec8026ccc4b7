// @vitest-environment node
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { areas, languages, pick } from './languages';
import { pseudo, pseudoTree } from './pseudo';
import glossary from './glossary.json';

type Tree = { [key: string]: string | Tree };

const folder = (language: string) => new URL(`../../i18n/${language}/`, import.meta.url);
const load = (language: string, area: string) => JSON.parse(readFileSync(new URL(`${area}.json`, folder(language)), 'utf8')) as Tree;
const flat = (tree: Tree, prefix = ''): [string, string][] => Object.entries(tree).flatMap(([key, value]) => (typeof value === 'string' ? [[prefix + key, value] as [string, string]] : flat(value, `${prefix}${key}.`)));

const suffix = /_(zero|one|two|few|many|other)$/;
const wanted: Record<string, string[]> = { en: ['one', 'other'], 'pt-BR': ['many', 'one', 'other'], ko: ['other'] };
const holes = (text: string) => [...text.matchAll(/\{\{\s*(\w+)[^}]*\}\}/g)].map((match) => match[1]).sort();

describe('catalogues', () => {
  it('have a file for every area and no other', () => {
    for (const { code } of languages) {
      expect(readdirSync(folder(code)).sort(), code).toEqual(areas.map((area) => `${area}.json`).sort());
    }
  });

  for (const area of areas) {
    const english = new Map(flat(load('en', area)));
    const keys = new Set([...english.keys()].map((key) => key.replace(suffix, '')));
    for (const { code } of languages) {
      it(`${area} in ${code} has every key, none more, and the same placeholders`, () => {
        const entries = flat(load(code, area));
        expect([...new Set(entries.map(([key]) => key.replace(suffix, '')))].sort()).toEqual([...keys].sort());
        const forms = new Map<string, string[]>();
        for (const [key, text] of entries) {
          expect(text.trim(), `${code} ${area} ${key} is empty`).not.toBe('');
          const form = suffix.exec(key)?.[1];
          const base = key.replace(suffix, '');
          if (form !== undefined) forms.set(base, [...(forms.get(base) ?? []), form]);
          const source = english.get(key) ?? english.get(`${base}_other`) ?? '';
          expect(holes(text).filter((hole) => hole !== 'count'), `${code} ${area} ${key}`).toEqual(holes(source).filter((hole) => hole !== 'count'));
        }
        for (const [base, have] of forms) expect(have.sort(), `plural forms of ${base} in ${code}`).toEqual(wanted[code]);
      });

      it(`${area} in ${code} keeps the names that are never translated`, () => {
        for (const [key, text] of flat(load(code, area))) {
          const source = english.get(key) ?? english.get(key.replace(suffix, '_other')) ?? '';
          for (const name of glossary.names) {
            if (source.includes(name)) expect(text, `${code} ${area} ${key}`).toContain(name);
          }
        }
      });
    }
  }

  it('say in Korean what the glossary says', () => {
    for (const area of areas) {
      for (const [key, text] of flat(load('ko', area))) {
        for (const wrong of glossary.neverInKorean) expect(text, `${area} ${key}`).not.toContain(wrong);
      }
    }
  });
});

describe('choosing a language', () => {
  it('takes the exact tag, then the base, then English', () => {
    expect(pick(['ko-KR', 'en'])).toBe('ko');
    expect(pick(['pt-PT'])).toBe('pt-BR');
    expect(pick(['de-DE', 'pt-BR'])).toBe('pt-BR');
    expect(pick(['de'])).toBe('en');
    expect(pick([])).toBe('en');
  });
});

describe('pseudo-locales', () => {
  it('have every plural form that their rules ask for', () => {
    expect(Object.keys(pseudoTree('ar-XB', { days_one: 'day', days_other: 'days' })).sort()).toEqual(['days_few', 'days_many', 'days_one', 'days_other', 'days_two', 'days_zero']);
    expect(Object.keys(pseudoTree('en-XA', { days_one: 'day', days_other: 'days' }))).toEqual(['days_one', 'days_other']);
  });

  it('lengthen without touching placeholders', () => {
    const text = pseudo('en-XA', 'Wait {{count}} seconds');
    expect(text).toContain('{{count}}');
    expect(text.length).toBeGreaterThan('Wait {{count}} seconds'.length * 1.35);
  });
});
