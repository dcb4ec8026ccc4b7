// make screenshots: every page in light, dark and Korean at 1440, and light at 360, into docs/screenshots.
import fs from 'node:fs';
import path from 'node:path';
import { closeBrowser } from './lib/browser.mjs';
import { stage } from './lib/fixtures.mjs';
import { ROUTES, Tab } from './lib/pages.mjs';
import { ROOT } from './lib/server.mjs';

const to = path.resolve(process.env.SCREENSHOTS || path.join(ROOT, 'docs/screenshots'));
const only = process.argv.slice(2);
const LOOKS = { light: {}, dark: { theme: 'dark' }, ko: { lang: 'ko' }, 'pt-BR': { lang: 'pt-BR' }, phone: { width: 360, height: 740, touch: true }, 'phone-ko-dark': { width: 360, height: 740, touch: true, lang: 'ko', theme: 'dark' } };
const COMMITTED = ['light', 'dark', 'ko'];

/** @param {'gallery' | 'empty' | 'broken'} fixture */
async function shoot(fixture, looks) {
  const s = await stage(fixture);
  for (const look of looks) {
    const tab = await Tab.enter(s.server, LOOKS[look]);
    for (const { name, route } of ROUTES) {
      if (only.length && !only.includes(name)) continue;
      const where = await route(s);
      if (where.includes('undefined')) continue;
      await tab.go(where);
      await tab.page.waitForTimeout(250);
      const file = `${name}${fixture === 'gallery' ? '' : `-${fixture}`}-${look}.png`;
      await tab.page.screenshot({ path: path.join(to, file), animations: 'disabled', caret: 'hide' });
    }
    const trouble = tab.watch.take();
    if (trouble.length) console.log(`${fixture} ${look}:\n  ${trouble.join('\n  ')}`);
    await tab.close();
  }
  await s.close();
}

fs.mkdirSync(to, { recursive: true });
const all = process.env.LOOKS?.split(',') ?? COMMITTED;
await shoot('gallery', all);
for (const extra of process.env.FIXTURES?.split(',') ?? []) await shoot(/** @type {any} */ (extra), all);
await closeBrowser();
