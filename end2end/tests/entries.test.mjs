// The entries of a stream: a filter and what is wrong with it, a search that goes on by itself, following and pausing, files.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';

import { HOSTILE } from '../furnishing.mjs';
import { Browser, Server, alive, until } from '../harness.mjs';

/** More than a search goes through while somebody presses a button. */
const MANY = 200_000;
/** More than one look goes through. */
const SOME = 12_000;
const FILL = `for n = 1, tonumber(ARGV[1]) do
  redis.call('XADD', KEYS[1], '*', 'data', '{"event_type":"Filled","aggregate_id":"k' .. n % 10 .. '","payload":{"n":' .. n .. '}}')
end`;

let server, browser;
before(async () => {
  server = await Server.start({ environment: { DSM_SAMPLE_MS: '250' } });
  browser = await Browser.start();
  await server.redis('XADD', 'middle', '*', 'data', '{"event_type":"Needle","aggregate_id":"needle"}');
  await server.redis('EVAL', FILL, '1', 'middle', String(SOME));
  for (let filled = 0; filled < MANY; filled += 20_000) await server.redis('EVAL', FILL, '1', 'long', '20000');
  await server.redis('EVAL', FILL, '1', 'short', '120');
  await server.redis('XADD', 'short', '*', 'order', HOSTILE, 'total', '12.50');
  await until('the streams were sampled', async () => {
    const streams = await server.ok('GET', '/api/console/streams');
    return ['long', 'middle', 'short'].every((name) => streams.some((stream) => stream.name === name));
  });
});
after(async () => {
  await browser?.stop();
  await server?.stop();
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

const rows = (page) => page.locator('section.entries tbody tr');

test('a filter is reached by its key, is in the address, and a mistake in it is pointed at and kept', async () => {
  const page = await open('/streams/short');
  await page.keyboard.press('/');
  await page.keyboard.type('data.payload.n > 117');
  await page.keyboard.press('Enter');
  await page.waitForURL(/filter=data\.payload\.n/);
  await alive(page);
  assert.equal(await rows(page).count(), 3);

  const field = page.getByRole('searchbox', { name: 'Filter entries' });
  await field.fill('type = Filled and (key = k1');
  await field.press('Enter');
  await page.locator('#filter-problem').waitFor();
  assert.match(await page.locator('#filter-problem').innerText(), /`\)` for the `\(`/);
  assert.equal(await field.inputValue(), 'type = Filled and (key = k1');
  assert.equal(await field.getAttribute('aria-invalid'), 'true');
  await page.getByRole('link', { name: 'Clear' }).click();
  await page.locator('#filter-problem').waitFor({ state: 'detached' });
  await leave(page);
});

test('every example of the help finds something in this stream', async () => {
  const page = await open('/streams/short?filter=type+%3D+Filled');
  await page.getByText('What can be written here').click();
  const links = page.locator('#filter-help dt a');
  const addresses = await links.evaluateAll((all) => all.map((link) => link.getAttribute('href')));
  assert.ok(addresses.length >= 3, addresses.join());
  for (const address of addresses) {
    await page.goto(address);
    assert.ok((await rows(page).count()) > 0, address);
  }
  await leave(page);
});

test('a long search says how far it is, finds by itself, and can be stopped', async () => {
  const page = await open('/streams/long?filter=key+%3D+nobody');
  const progress = page.locator('#search');
  await progress.getByText(/Looked at .* of about 200/).waitFor();
  const first = await progress.locator('progress').getAttribute('value');
  await until('the search is farther', async () => (await progress.locator('progress').getAttribute('value')) !== first);
  await progress.getByRole('link', { name: 'Stop' }).click();
  await page.waitForURL(/search=stopped/);
  await progress.getByText('Stopped.').waitFor();
  const still = await progress.locator('progress').getAttribute('value');
  await alive(page);
  await progress.getByRole('link', { name: 'Search on' }).click();
  await until('it goes on where it was', async () => Number(await progress.locator('progress').getAttribute('value')) > Number(still));

  await page.goto('/streams/middle?filter=type+%3D+Needle');
  await rows(page).first().waitFor();
  await progress.waitFor({ state: 'detached' });
  assert.equal(await rows(page).count(), 1);
  await page.goto('/streams/middle?filter=key+%3D+nobody');
  await page.getByText('No entry fits').waitFor();
  await leave(page);
});

test('the newest entries are followed, and paused without losing the place', async () => {
  const page = await open('/streams/short');
  const add = () => server.redis('XADD', 'short', '*', 'order', 'one more');
  const newest = () => rows(page).first().getAttribute('data-key');
  const followed = await add();
  await until('the new entry is on the page', async () => (await newest()) === followed);
  await until('the sampler has seen it', async () => (await server.ok('GET', '/api/console/streams/short')).last_id === followed);
  await page.reload();
  await alive(page);
  await page.locator('#entry-bar').getByRole('link', { name: 'Pause' }).click();
  await page.waitForURL(/held=/);
  await page.getByText('Paused. 0 entries added since.').waitFor();
  const last = await add();
  await page.getByText('Paused. 1 entry added since.').waitFor();
  assert.equal(await newest(), followed);
  await page.getByRole('link', { name: 'Follow the newest' }).click();
  await until('it follows again', async () => (await newest()) === last);
  await leave(page);
});

test('one pages from a time in both directions', async () => {
  const page = await open('/streams/short');
  const all = await server.ok('GET', '/api/console/streams/short/entries?count=500');
  const middle = all.entries[60].id;
  const place = page.getByRole('textbox', { name: 'Go to' });
  await place.fill(middle);
  await place.press('Enter');
  await page.waitForURL(/at=/);
  assert.equal(await rows(page).first().getAttribute('data-key'), middle);
  await page.getByRole('link', { name: 'Newer' }).click();
  await page.waitForURL(/after=/);
  assert.equal(await rows(page).last().getAttribute('data-key'), all.entries[59].id);
  await page.getByRole('link', { name: 'Older' }).click();
  await page.waitForURL(/before=/);
  assert.equal(await rows(page).first().getAttribute('data-key'), middle);
  await leave(page);
});

test('what is shown is downloaded as it is filtered, and nothing in it is a formula', async () => {
  await server.redis('XADD', 'short', '*', 'order', '=1+1', 'event', 'formula');
  const page = await open('/streams/short?filter=formula');
  const waiting = page.waitForEvent('download');
  await page.getByRole('link', { name: 'CSV' }).click();
  const download = await waiting;
  assert.equal(download.suggestedFilename(), 'entries-short.csv');
  const text = await readFile(await download.path(), 'utf8');
  const lines = text.trimEnd().split('\r\n');
  assert.equal(lines.length, 3);
  assert.match(lines[1], /=1\+1/);
  assert.match(lines[2], /^"#end","complete"/);
  await leave(page);
});

test('without script one searches on by links', async () => {
  const page = await open('/streams/middle?filter=type+%3D+Needle', { javaScriptEnabled: false });
  await until('the search has found it', async () => {
    if ((await rows(page).count()) > 0) return true;
    const again = page.getByRole('link', { name: 'Look again' });
    if (await again.isVisible()) await again.click();
    return false;
  });
  await leave(page);
});
