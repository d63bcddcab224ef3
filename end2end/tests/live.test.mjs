// The page is live, says how old it is, can be held, and stays when the connection is lost.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { furnish } from '../furnishing.mjs';
import { Browser, Server, alive, until } from '../harness.mjs';

let server, browser;
before(async () => {
  server = await Server.start();
  browser = await Browser.start();
  await furnish(server);
});
after(async () => {
  await browser?.stop();
  await server?.stop();
});

const live = (page) => page.locator('.topbar .live');
const pause = (page) => page.getByRole('button', { name: /pause live updates/i });
const resume = (page) => page.getByRole('button', { name: /resume live updates/i });

/** The number of entries that the page of a stream shows. */
async function rows(page) {
  return page.locator('main table tbody tr').count();
}

async function openOrders() {
  const page = await browser.page(server);
  await page.goto('/streams/orders');
  await alive(page);
  await page.evaluate(() => (globalThis.sameDocument = true));
  return page;
}

test('the age of what is shown is told, and stays small', async () => {
  const page = await openOrders();
  await until('the age is told', async () => /live · \d+([.,]\d+)? s/.test(await live(page).innerText()));
  const ages = [];
  for (let look = 0; look < 8; look += 1) {
    ages.push(Number.parseFloat(/([\d.,]+) s/.exec(await live(page).innerText())[1]));
    await page.waitForTimeout(250);
  }
  assert.ok(Math.max(...ages) < 5, `ages were ${ages}`);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('an entry that arrives is shown without a reload', async () => {
  const page = await openOrders();
  const before = await rows(page);
  await server.redis('XADD', 'orders', '*', 'order', 'live');
  await until('there is one row more', async () => (await rows(page)) === before + 1);
  assert.ok(await page.evaluate(() => globalThis.sameDocument), 'the page was loaded again');
  await page.context().close();
});

test('a tick sends what has changed and not the page', async () => {
  const page = await openOrders();
  const sent = [];
  page.on('response', async (response) => {
    const have = response.request().headers()['x-have'];
    if (have !== undefined) sent.push({ have, length: (await response.text().catch(() => '')).length });
  });
  await until('a tick knows what is here', async () => sent.some(({ have }) => have.includes(' ')));
  const whole = (await (await fetch(`${server.url}/streams/orders`, { headers: { accept: 'text/html' } })).text()).length;
  const short = sent.filter(({ have }) => have.includes(' '));
  assert.ok(Math.min(...short.map(({ length }) => length)) < whole / 2, `${JSON.stringify(short)} of ${whole}`);
  const before = await rows(page);
  await server.redis('XADD', 'orders', '*', 'order', 'in a part of its own');
  await until('there is one row more', async () => (await rows(page)) === before + 1);
  assert.ok((await page.locator('main').innerText()).includes('in a part of its own'));
  await page.context().close();
});

test('a part that is claimed and is not there is asked for again', async () => {
  const page = await openOrders();
  await until('the rows have versions', async () => (await page.locator('main tbody tr[data-v][data-key]').count()) > 1);
  const before = await rows(page);
  const lost = await page.evaluate(() => {
    const [first, second] = document.querySelectorAll('main tbody tr[data-v][data-key]');
    first.dataset.v = second.dataset.v;
    second.remove();
    return second.dataset.key;
  });
  await until('the row is there again', async () => (await rows(page)) === before);
  assert.equal(await page.locator(`main tbody tr[data-key="${lost}"]`).count(), 1);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('a paused page holds still, and catches up when it is resumed', async () => {
  const page = await openOrders();
  await pause(page).click();
  await until('the page says that it is paused', async () => /paused/i.test(await live(page).innerText()));
  const before = await rows(page);
  await server.redis('XADD', 'orders', '*', 'order', 'while paused');
  // proof that time enough has passed: another page has shown it
  const witness = await openOrders();
  await until('a live page shows the entry', async () => (await rows(witness)) === before + 1);
  assert.equal(await rows(page), before);
  await resume(page).click();
  await until('the paused page has caught up', async () => (await rows(page)) === before + 1);
  await page.context().close();
  await witness.context().close();
});

test('what a person is typing survives an update', async () => {
  const page = await openOrders();
  const filter = page.getByRole('searchbox').first();
  await filter.fill('half a wo');
  const before = await rows(page);
  await server.redis('XADD', 'orders', '*', 'order', 'while typing');
  await until('the update has come', async () => (await rows(page)) === before + 1);
  assert.equal(await filter.inputValue(), 'half a wo');
  assert.ok(await filter.evaluate((input) => input === document.activeElement), 'the focus was lost');
  await page.context().close();
});
