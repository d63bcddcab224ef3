// Alerts, by forms alone: a rule is typed wrong, mended, fires at a real stream, is told to a real receiver, muted and deleted.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { Browser, Server, until } from '../harness.mjs';

const calls = [];
let receiver, server, browser, page;
before(async () => {
  receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (data) => (body += data));
    request.on('end', () => {
      calls.push(JSON.parse(body));
      response.end();
    });
  });
  await new Promise((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${receiver.address().port}/hook`;
  server = await Server.start({ words: ['--alert-webhook', url, '--allow-private-webhooks', '--public-url', 'https://console.example'] });
  browser = await Browser.start();
  page = await browser.page(server, { javaScriptEnabled: false });
});
after(async () => {
  await browser?.stop();
  await server?.stop();
  receiver?.close();
});

test('a rule that is typed wrong comes back with the problem at its field, and nothing is lost', async () => {
  await page.goto('/alerts?new=rule');
  await page.getByLabel('Name', { exact: true }).fill('Orders pile up');
  await page.getByLabel('Figure', { exact: true }).selectOption('stream_length');
  await page.getByLabel('Stream', { exact: true }).fill('ord*');
  await page.getByLabel('Threshold', { exact: true }).fill('many');
  await page.getByLabel('Fires after, in seconds', { exact: true }).fill('0');
  await page.getByLabel('Calm at', { exact: true }).fill('1');
  await page.getByLabel('Over after, in seconds', { exact: true }).fill('0');
  await page.getByLabel('Note for who is called').fill('Read them.');
  await page.getByRole('button', { name: 'Create rule' }).click();
  await page.waitForURL(/refused=/);
  const threshold = page.getByLabel('Threshold', { exact: true });
  assert.equal(await threshold.inputValue(), 'many');
  assert.equal(await threshold.getAttribute('aria-invalid'), 'true');
  assert.match(await page.locator(`#${await threshold.getAttribute('aria-describedby')}`).innerText(), /whole number/);
  assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'Orders pile up');
  assert.equal(await page.getByLabel('Note for who is called').inputValue(), 'Read them.');
  await threshold.fill('2');
  await page.getByRole('button', { name: 'Create rule' }).click();
  await page.waitForURL(/[?&]done=/);
});

test('it fires, is told with a link to the stream, and stands on the page and in the rail', async () => {
  for (const n of ['1', '2', '3']) await server.redis('XADD', 'orders', '*', 'order', n);
  const told = await until('the receiver was told', () => calls[0]);
  assert.deepEqual([told.kind, told.rule, told.figure], ['firing', 'Orders pile up', { exact: 3 }]);
  assert.equal(told.link, 'https://console.example/streams/orders');
  await page.goto('/alerts');
  const row = page.locator('section[aria-labelledby=firing] tbody tr');
  assert.match(await row.innerText(), /Orders pile up[^]*orders[^]*3/);
  await until('the rail counts it', async () => {
    await page.goto('/alerts');
    return /1/.test(await page.locator('.rail > ul .rail-link[href="/alerts"]').innerText());
  });
});

test('it is muted, a test is sent, and deleting it says why it is over', async () => {
  await page.goto('/alerts');
  await page.locator('section[aria-labelledby=rules]').getByRole('link', { name: 'Orders pile up' }).click();
  await page.getByRole('button', { name: 'Mute for 1 h' }).click();
  await page.waitForURL(/[?&]done=/);
  assert.ok(await page.locator('section[aria-labelledby=firing]').getByText('Muted').isVisible());
  await page.getByRole('button', { name: 'Unmute' }).click();
  await page.waitForURL(/[?&]done=/);
  await page.getByRole('link', { name: /^Delete/ }).click();
  await page.getByRole('button', { name: 'Delete rule' }).click();
  await page.waitForURL(/[?&]done=/);
  const over = await until('the receiver was told that it is over', () => calls.find((call) => call.kind === 'resolved'));
  assert.equal(over.reason, 'rule_deleted');
  await page.getByRole('button', { name: 'Send a test' }).click();
  await until('the test has arrived', () => calls.find((call) => call.kind === 'test'));
  assert.equal(calls.length, 3, 'each was told once');
  const acts = (await server.ok('GET', '/api/console/audit')).entries.map((entry) => entry.act);
  assert.deepEqual(acts, ['alerts.send_test', 'alerts.delete_rule', 'alerts.unmute_rule', 'alerts.mute_rule', 'alerts.create_rule']);
});
