// Several Redis: switching between them, live at each, acts that stay at theirs, keys and palette under a prefix, and all of it
// without a script.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';

import { Browser, Server, alive, until } from '../harness.mjs';
import { inspect } from '../inspection.mjs';
import { Several, furnishRedis } from '../several.mjs';

/** The words of docs/connections.md that make a user who may only watch. */
async function watchOnly() {
  const document = await readFile(new URL('../../docs/connections.md', import.meta.url), 'utf8');
  const line = document.split('\n').find((line) => line.startsWith('ACL SETUSER console-watch '));
  return line.replace('>PASSWORD', '>secret').split(' ');
}

let several, server, browser;
before(async () => {
  several = await Several.start({
    'orders-eu': { lines: ['environment = "production"', 'colour = "teal"'] },
    mail: { lines: ['environment = "staging"'] },
    watched: { user: '?user=console-watch&pass=secret' },
  });
  await several.redis('watched', ...(await watchOnly()));
  await furnishRedis(several, 'watched', 'orders', 3);
  await furnishRedis(several, 'orders-eu', 'orders', 7);
  await furnishRedis(several, 'mail', 'orders', 3);
  server = await Server.start({ environment: { DSM_CONNECTIONS: several.file, DSM_SAMPLE_MS: '250' } });
  browser = await Browser.start();
  await until('all were looked at', async () => {
    const all = await server.ok('GET', '/api/console/connections');
    return all.filter((one) => one.seen?.groups === 1).length === 3;
  });
});
after(async () => {
  await browser?.stop();
  await server?.stop();
  await several?.stop();
});

async function open(address, options) {
  const page = await browser.page(server, options);
  await page.goto(address);
  if (options?.javaScriptEnabled !== false) await alive(page);
  return page;
}

async function leave(page) {
  assert.deepEqual(page.faults, []);
  await page.context().close();
}

const at = (page) => new URL(page.url()).pathname;
const rows = (page) => page.locator('main table tbody tr').count();

for (const javaScriptEnabled of [true, false]) {
  test(`the switch leads to the same page of another connection, ${javaScriptEnabled ? 'with' : 'without'} a script`, async () => {
    const page = await open('/at/mail/streams/orders', { javaScriptEnabled });
    assert.equal(await rows(page), 3);
    await page.locator('#switch > summary').click();
    await page.locator('#switch').getByRole('link', { name: /orders-eu/ }).click();
    await page.waitForURL('**/at/orders-eu/streams/orders');
    assert.equal(await rows(page), 7);
    assert.equal(await page.locator('html').getAttribute('data-env'), 'production');
    assert.equal(await page.locator('#switch').getAttribute('data-colour'), 'teal');
    // what home has not leads to the list in which it would be
    await page.locator('#switch > summary').click();
    await page.locator('#switch').getByRole('link', { name: /^home/ }).click();
    await page.waitForURL((url) => url.pathname === '/streams');
    await leave(page);
  });
}

test('a page of a connection is live by the ticks of its own', async () => {
  const page = await open('/at/mail/streams/orders');
  await page.evaluate(() => (globalThis.sameDocument = true));
  const before = await rows(page);
  await several.redis('orders-eu', 'XADD', 'orders', '*', 'order', 'elsewhere');
  await several.redis('mail', 'XADD', 'orders', '*', 'order', 'here');
  await until('there is one row more', async () => (await rows(page)) === before + 1);
  assert.match(await page.locator('main table tbody').innerText(), /here/);
  assert.doesNotMatch(await page.locator('main').innerText(), /elsewhere/);
  assert.ok(await page.evaluate(() => globalThis.sameDocument), 'the page was loaded again');
  await leave(page);
});

test('an act under a prefix stays there: page, Redis and audit log', async () => {
  const group = '/at/orders-eu/streams/orders/groups/mailer';
  const other = await several.redis('mail', 'XPENDING', 'orders', 'mailer');
  const page = await open(group);
  await page.locator('main table tbody input[type=checkbox]').first().check();
  await page.getByRole('button', { name: /^Acknowledge/ }).click();
  await page.getByRole('textbox', { name: /Reason/ }).fill('the effect is there');
  await page.getByRole('button', { name: /^Acknowledge 1/ }).click();
  await page.getByText(/1 done|acknowledged/i).first().waitFor();
  assert.equal(at(page), group);
  const pending = (await several.redis('orders-eu', 'XPENDING', 'orders', 'mailer')).split('\n')[0];
  assert.equal(pending, '1');
  assert.equal(await several.redis('mail', 'XPENDING', 'orders', 'mailer'), other);
  const { entries } = await server.ok('GET', '/at/orders-eu/api/console/audit');
  assert.deepEqual(entries.map((entry) => entry.reason), ['the effect is there']);
  assert.deepEqual((await server.ok('GET', '/at/mail/api/console/audit')).entries, []);
  await leave(page);
});

test('keys and palette go to things of the connection, and to the others by name', async () => {
  const page = await open('/at/mail/');
  await page.keyboard.press('g');
  await page.keyboard.press('d');
  await page.waitForURL('**/at/mail/dead-letters');
  await alive(page);
  // what is at home alone
  await page.keyboard.press('g');
  await page.keyboard.press('n');
  await page.waitForURL((url) => url.pathname === '/connections');
  await page.goto('/at/mail/alerts');
  await alive(page);
  await page.keyboard.press('Control+k');
  await page.keyboard.type('mailer');
  await page.getByRole('option', { name: /mailer/ }).first().waitFor();
  await page.keyboard.press('Enter');
  await page.waitForURL('**/at/mail/streams/orders/groups/mailer');
  await alive(page);
  await page.keyboard.press('Control+k');
  await page.keyboard.type('orders-eu');
  await page.getByRole('option', { name: /orders-eu/ }).first().waitFor();
  await page.keyboard.press('Enter');
  await page.waitForURL('**/at/orders-eu/');
  await leave(page);
});

test('pages of a connection have nothing that axe or the browser complains of, and fit a phone', async () => {
  const group = '/at/mail/streams/orders/groups/mailer';
  for (const address of ['/connections', '/at/mail/', '/at/mail/status', '/at/watched/streams/orders', group, '/at/watched/streams/orders/groups/mailer']) {
    await inspect(browser, server, address).catch((error) => assert.fail(`${address}: ${error.message}`));
  }
});

test('a user that may only watch sees everything, and every repair is off with what to grant', async () => {
  const page = await open('/at/watched/streams/orders/groups/mailer');
  assert.equal(await page.locator('main table tbody input[type=checkbox]').count(), 2);
  const off = page.getByRole('button', { name: /^(Claim|Acknowledge|Dead-letter|Move group)/ });
  assert.equal(await off.count(), 4);
  for (const button of await off.all()) assert.equal(await button.getAttribute('aria-disabled'), 'true');
  await page.getByRole('button', { name: /^Acknowledge/ }).hover();
  await page.getByText(/ACL SETUSER console-watch \+xack/).first().waitFor();
  await leave(page);
});

test('the list of connections tells who is away, and leads into each', async () => {
  const page = await open('/connections');
  const row = (name) => page.locator(`main tbody tr[data-key="${name}"]`);
  await until('it was looked at', async () => !/Away|Not asked/.test(await row('mail').innerText()));
  await several.end('mail');
  await until('it is told to be away', async () => /Away/.test(await row('mail').innerText()));
  assert.match(await row('mail because').innerText(), /No answer since/);
  assert.doesNotMatch(await row('orders-eu').innerText(), /Away/);
  await several.begin('mail');
  await furnishRedis(several, 'mail', 'orders', 3);
  await until('it is back', async () => !/Away/.test(await row('mail').innerText()));
  await row('mail').getByRole('link', { name: 'mail' }).click();
  await page.waitForURL('**/at/mail/');
  await leave(page);
});
