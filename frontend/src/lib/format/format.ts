import type { TFunction } from 'i18next';

/** How sure a figure is. Exact is the silent default; the others show. */
export type Basis = 'exact' | 'estimated' | 'unknown' | 'included';

export type FormatWords = TFunction<'common'>;

/** All writing of numbers, money and time, for one language. `Intl` does the
 * figures; units and particles come from the catalogue. */
export interface Format {
  language: string;
  /** 1,204 */
  count: (n: number) => string;
  /** Counts from 10,000 on are short: 12.4K. The exact one belongs in a tooltip. */
  tokens: (n: number | null | undefined, basis?: Basis) => string;
  /** 0.61 → 61 % in the way of the language. */
  percent: (share: number) => string;
  /** Micro-dollars. */
  money: (micros: number | null | undefined, basis?: Basis) => string;
  /** 820 ms · 4.2 s · 3 min 12 s · 2 h 10 min · 3 d 4 h */
  duration: (ms: number) => string;
  /** 14:02 */
  clock: (at: Date | string) => string;
  /** 14:02:11 today, else the day too: for lists where the second counts. */
  stamp: (at: Date | string, now?: Date) => string;
  /** 2 min ago, 14:02, Mon 09:00, 3 Nov 2026: shorter the nearer. */
  when: (at: Date | string, now?: Date) => string;
  /** A moment ahead: 18:00 today, else with its day. */
  until: (at: Date | string, now?: Date) => string;
  /** The whole of it, for tooltips. */
  full: (at: Date | string) => string;
  list: (items: readonly string[]) => string;
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

export function makeFormat(language: string, t: FormatWords): Format {
  const locale = language === 'en-XA' ? 'en' : language === 'ar-XB' ? 'en' : language;
  const number = new Intl.NumberFormat(locale);
  const tenth = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const compact = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 });
  const share = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 });
  const shareTenth = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 });
  const dollars = (digits: number) => new Intl.NumberFormat(locale, { style: 'currency', currency: 'USD', currencyDisplay: 'narrowSymbol', minimumFractionDigits: digits, maximumFractionDigits: digits });
  const cents = dollars(2);
  const fine = dollars(4);
  const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const seconds = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
  const weekday = new Intl.DateTimeFormat(locale, { weekday: 'short' });
  const date = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const dateYear = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: 'numeric' });
  const full = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'short' });
  const list = new Intl.ListFormat(locale, { type: 'conjunction' });
  const unit = (n: string, name: 'ms' | 's' | 'min' | 'h' | 'd') => t(`unit.${name}`, { n });
  const two = (a: string, b: string | null) => (b === null ? a : `${a} ${b}`);
  const mark = (text: string, basis: Basis) => (basis === 'estimated' ? `≈${text}` : text);

  const duration = (ms: number): string => {
    if (ms === 0) return unit('<1', 'ms');
    if (ms < 10) return unit(ms < 0.1 ? `<${tenth.format(0.1)}` : tenth.format(ms), 'ms');
    if (ms < second) return unit(number.format(Math.round(ms)), 'ms');
    if (ms < minute) return unit(tenth.format(Math.min(ms / second, 59.9)), 's');
    const parts: [number, 'd' | 'h' | 'min' | 's'][] = [
      [Math.floor(ms / day), 'd'],
      [Math.floor((ms % day) / hour), 'h'],
      [Math.floor((ms % hour) / minute), 'min'],
      [Math.floor((ms % minute) / second), 's'],
    ];
    const first = parts.findIndex(([n]) => n > 0);
    const [a, b] = [parts[first], parts[first + 1]];
    if (!a) return unit('0', 's');
    return two(unit(number.format(a[0]), a[1]), b && b[0] > 0 ? unit(number.format(b[0]), b[1]) : null);
  };

  return {
    language,
    count: (n) => number.format(n),
    tokens: (n, basis = 'exact') => (n === null || n === undefined || basis === 'unknown' ? '—' : mark(n >= 10_000 ? compact.format(n) : number.format(n), basis)),
    percent: (n) => (n > 0 && n < 0.1 ? shareTenth : share).format(n),
    money: (micros, basis = 'exact') => {
      if (basis === 'included') return t('money.included');
      if (micros === null || micros === undefined || basis === 'unknown') return '—';
      const usd = micros / 1_000_000;
      if (usd > 0 && usd < 0.0001) return `<${fine.format(0.0001)}`;
      return mark(usd > 0 && usd < 0.01 ? fine.format(usd) : cents.format(usd), basis);
    },
    duration,
    clock: (at) => clock.format(new Date(at)),
    stamp: (at, now = new Date()) => {
      const then = new Date(at);
      return (then.toDateString() === now.toDateString() ? seconds : date).format(then);
    },
    when: (at, now = new Date()) => {
      const then = new Date(at);
      const ago = now.getTime() - then.getTime();
      const near = Math.abs(ago);
      if (near < 45 * second) return ago >= 0 ? t('time.now') : relative.format(Math.round(near / second), 'second');
      if (near < hour) return relative.format(-Math.sign(ago) * Math.max(1, Math.round(near / minute)), 'minute');
      if (then.toDateString() === now.toDateString()) return clock.format(then);
      if (near < 6 * day) return `${weekday.format(then)} ${clock.format(then)}`;
      return then.getFullYear() === now.getFullYear() ? date.format(then) : dateYear.format(then);
    },
    until: (at, now = new Date()) => {
      const then = new Date(at);
      return then.toDateString() === now.toDateString() ? clock.format(then) : `${weekday.format(then)} ${clock.format(then)}`;
    },
    full: (at) => full.format(new Date(at)),
    list: (items) => list.format(items),
  };
}
