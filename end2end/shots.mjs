// Pictures of every page, wide and narrow, light and dark, into results/: to be looked at. `npm run shots -- group sprint` takes
// those of two pages.

import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { furnish, pages } from './furnishing.mjs';
import { Browser, Server, alive } from './harness.mjs';

const results = fileURLToPath(new URL('results', import.meta.url));
/** Pages by name; all of them when none is named. */
const names = process.argv.slice(2);
const windows = { wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } };

await mkdir(results, { recursive: true });
const server = await Server.start();
const browser = await Browser.start();
try {
  const furnished = await furnish(server);
  for (const [name, address] of Object.entries(pages(furnished)).filter(([name]) => names.length === 0 || names.includes(name))) {
    const page = await browser.page(server, { deviceScaleFactor: 1 });
    await page.goto(address);
    await alive(page);
    for (const [window, viewport] of Object.entries(windows)) {
      await page.setViewportSize(viewport);
      for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme });
        const file = `${name.replaceAll(' ', '-')}-${colorScheme}-${window}.png`;
        await page.screenshot({ path: `${results}/${file}` });
        console.log(file);
      }
    }
    await page.context().close();
  }
} finally {
  await browser.stop();
  await server.stop();
}
