// How a page is looked at: light and dark, wide and narrow, for what axe and the browser complain of.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

import { alive } from './harness.mjs';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** One line for each thing axe finds: the rule, the element, what to do. */
export async function findings(page) {
  // evaluated by the browser's debugger, which the page's content security policy does not concern
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return violations.flatMap(({ id, help, nodes }) => nodes.map((node) => `${id}: ${help}: ${node.html.slice(0, 200)}`));
}

/** Opens the address and looks at it: light and dark, wide and narrow. */
export async function inspect(browser, from, address) {
  const page = await browser.page(from, { colorScheme: 'light' });
  const answer = await page.goto(address);
  assert.equal(answer.status(), 200);
  await alive(page);
  assert.match(await page.title(), /DSM Console/);
  assert.deepEqual(await findings(page), [], 'light');
  await page.emulateMedia({ colorScheme: 'dark' });
  assert.deepEqual(await findings(page), [], 'dark');
  await page.setViewportSize({ width: 390, height: 844 });
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(content <= window, `${content} px of content in a window of ${window} px`);
  assert.deepEqual(await findings(page), [], 'dark, on a phone');
  assert.deepEqual(page.faults, []);
  await page.context().close();
}
