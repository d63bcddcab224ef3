// Every page and every panel, with data, in both colour schemes and two widths: nothing red in the console, nothing that axe
// finds, nothing that scrolls sideways, and foreign text stays text.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';

import { HOSTILE, furnish, pages } from '../furnishing.mjs';
import { Browser, Server, alive } from '../harness.mjs';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let server, browser, furnished;
before(async () => {
  server = await Server.start();
  browser = await Browser.start();
  furnished = await furnish(server);
});
after(async () => {
  await browser?.stop();
  await server?.stop();
});

/** One line for each thing axe finds: the rule, the element, what to do. */
async function findings(page) {
  // evaluated by the browser's debugger, which the page's content security policy does not concern
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return violations.flatMap(({ id, help, nodes }) => nodes.map((node) => `${id}: ${help}: ${node.html.slice(0, 200)}`));
}

/** Opens the address and looks at it: light and dark, wide and narrow. */
async function inspect(from, address) {
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

for (const name of Object.keys(pages({ record: { provenance: {} } }))) {
  test(`${name} has nothing that axe or the browser complains of, in both schemes, and fits a phone`, async () => {
    await inspect(server, pages(furnished)[name]);
  });
}

test('nor has any page before there is anything, or while Redis is away', async () => {
  for (const environment of [{}, { REDIS_URL: 'redis://127.0.0.1:1' }]) {
    const empty = await Server.start({ environment });
    try {
      for (const address of ['/', '/streams', '/dead-letters', '/projects', '/backlog', '/sprints', '/chronicle', '/audit', '/trace', '/trace/an-id', '/status']) {
        await inspect(empty, address).catch((error) => assert.fail(`${address} ${JSON.stringify(environment)}: ${error.message}`));
      }
    } finally {
      await empty.stop();
    }
  }
});

test('what a stranger wrote into a stream is shown as text', async () => {
  const page = await browser.page(server);
  await page.goto('/streams/orders');
  await page.getByText(HOSTILE.slice(2, 30)).first().waitFor();
  assert.equal(await page.locator('img[src=x], main script').count(), 0);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('an address that does not exist says so, with a way on', async () => {
  const page = await browser.page(server);
  const answer = await page.goto('/no/such/page');
  assert.equal(answer.status(), 404);
  await page.getByRole('link', { name: 'Overview' }).first().waitFor();
  assert.deepEqual(await findings(page), []);
  await page.context().close();
});

test('an injected script does not run: the policy names a nonce and nothing inline', async () => {
  const answer = await fetch(server.url, { headers: { accept: 'text/html' } });
  const policy = answer.headers.get('content-security-policy');
  assert.match(policy, /script-src[^;]*'nonce-[^']+'/);
  assert.match(policy, /object-src 'none'/);
  assert.match(policy, /base-uri 'none'/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.doesNotMatch(policy, /unsafe-inline|'unsafe-eval'/);
  const again = await fetch(server.url, { headers: { accept: 'text/html' } });
  assert.notEqual(again.headers.get('content-security-policy'), policy, 'the nonce is the same twice');
});
