// Every page and every panel, with data, in both colour schemes and two widths: nothing red in the console, nothing that axe
// finds, nothing that scrolls sideways, and foreign text stays text.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { HOSTILE, furnish, pages } from '../furnishing.mjs';
import { Browser, Server } from '../harness.mjs';
import { findings, inspect } from '../inspection.mjs';

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

for (const name of Object.keys(pages({ record: { provenance: {} } }))) {
  test(`${name} has nothing that axe or the browser complains of, in both schemes, and fits a phone`, async () => {
    await inspect(browser, server, pages(furnished)[name]);
  });
}

test('nor has any page before there is anything, or while Redis is away', async () => {
  for (const environment of [{}, { REDIS_URL: 'redis://127.0.0.1:1' }]) {
    const empty = await Server.start({ environment });
    try {
      for (const address of ['/', '/streams', '/dead-letters', '/projects', '/backlog', '/sprints', '/chronicle', '/audit', '/trace', '/trace/an-id', '/status']) {
        await inspect(browser, empty, address).catch((error) => assert.fail(`${address} ${JSON.stringify(environment)}: ${error.message}`));
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
