import i18next from 'i18next';
import { describe, expect, it } from 'vitest';
import { makeFormat } from './format';

const now = new Date(2026, 10, 25, 14, 2, 11);
const ago = (ms: number) => new Date(now.getTime() - ms);

// Golden: what a person sees in each language. Spaces that Intl makes
// unbreakable are shown as plain ones here, and its abbreviation dots, which
// come and go between versions of the language data, are left out.
const golden: Record<string, string[]> = {
  en: ['1,204', '9,999', '12.4K', '3.1M', '≈12.4K', '—', '61%', '$1.84', '$0.0042', '<$0.0001', '$0.00', '≈$11.20', '—', 'Included', '820 ms', '4.2 s', '3 min 12 s', '2 h 10 min', '3 d 4 h', 'just now', '2 min ago', '11:02', 'Sun 14:02'],
  'pt-BR': ['1.204', '9.999', '12,4 mil', '3,1 mi', '≈12,4 mil', '—', '61%', '$ 1,84', '$ 0,0042', '<$ 0,0001', '$ 0,00', '≈$ 11,20', '—', 'Incluído', '820 ms', '4,2 s', '3 min 12 s', '2 h 10 min', '3 d 4 h', 'agora', 'há 2 min', '11:02', 'dom 14:02'],
  ko: ['1,204', '9,999', '1.2만', '310만', '≈1.2만', '—', '61%', '$1.84', '$0.0042', '<$0.0001', '$0.00', '≈$11.20', '—', '포함됨', '820ms', '4.2초', '3분 12초', '2시간 10분', '3일 4시간', '방금', '2분 전', '11:02', '일 14:02'],
};

describe('formats', () => {
  for (const [language, expected] of Object.entries(golden)) {
    it(`write ${language}`, async () => {
      await i18next.changeLanguage(language);
      const f = makeFormat(language, i18next.getFixedT(language, 'common'));
      const written = [
        f.count(1204), f.tokens(9_999), f.tokens(12_400), f.tokens(3_100_000), f.tokens(12_400, 'estimated'), f.tokens(5, 'unknown'), f.percent(0.61),
        f.money(1_840_000), f.money(4_200), f.money(50), f.money(0), f.money(11_200_000, 'estimated'), f.money(null), f.money(0, 'included'),
        f.duration(820), f.duration(4_200), f.duration(192_000), f.duration(7_800_000), f.duration(273_600_000),
        f.when(ago(3_000), now), f.when(ago(120_000), now), f.when(ago(3 * 3_600_000), now), f.when(ago(3 * 86_400_000), now),
      ];
      expect(written.map((text) => text.replace(/[\u00a0\u202f]/g, ' ').replace(/\.(?=[ ]|$)/g, ''))).toEqual(expected);
    });
  }
});

describe('short durations', () => {
  it('keep their tenth and never say nothing', async () => {
    await i18next.changeLanguage('en');
    const f = makeFormat('en', i18next.getFixedT('en', 'common'));
    expect([0, 0.02, 0.64, 9.5, 42].map(f.duration).map((text) => text.replace(/[\u00a0\u202f]/g, ' '))).toEqual(['<1 ms', '<0.1 ms', '0.6 ms', '9.5 ms', '42 ms']);
  });
});
