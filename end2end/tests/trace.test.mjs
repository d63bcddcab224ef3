// One correlation, found by what is in its events and looked at as a waterfall; without a script.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { FOREIGN, PROJECT, furnish } from '../furnishing.mjs';
import { Browser, Server, until } from '../harness.mjs';
import { pauseGroup } from '../screens.mjs';

let server, browser, page, furnished;
before(async () => {
  server = await Server.start();
  browser = await Browser.start();
  furnished = await furnish(server);
  page = await browser.page(server, { javaScriptEnabled: false });
});
after(async () => {
  await browser?.stop();
  await server?.stop();
});

test('a sprint is found by a field of its event, and its trace has every event and no gap', async () => {
  await page.goto('/trace');
  await page.getByLabel('JSON field').fill('payload.sprint_id');
  await page.getByLabel('Value', { exact: true }).fill(furnished.sprint);
  await page.getByRole('button', { name: 'Find' }).click();
  await page.waitForURL(/[?&]field=/);
  assert.equal(await page.locator('#found tbody tr').count(), 1);
  await page.locator('#found tbody tr a[href^="/trace/"]').click();
  await page.waitForURL(/\/trace\/./);
  await until('every group is through', async () => {
    await page.reload();
    return (await page.getByText('no gap').count()) === 1;
  });
  const tasks = await server.ok('GET', `/sprints/${furnished.sprint}/tasks`);
  assert.equal(await page.locator('.waterfall .event').count(), 1 + tasks.length);
  assert.equal(await page.locator('.waterfall').getByText(/^handled, /).count(), 3 + tasks.length);
  assert.deepEqual(page.faults, []);
});

test('a group that is held is a gap that leads to the group, and entry and chronicle lead to the trace', async () => {
  await page.goto('/streams/task_update_events/groups/backlog_service_group');
  await pauseGroup(page);
  const task = `${PROJECT}-TASK001`;
  await server.ok('POST', `/tasks/${task}/progress`, { progress_percentage: 77 });
  await page.goto(`/trace?key=${task}&field=progress_percentage&value=77`);
  await until('it is published', async () => {
    await page.reload();
    return (await page.locator('#found tbody tr').count()) === 1;
  });
  await page.locator('#found tbody tr a[href^="/streams/"]').click();
  await page.getByRole('link', { name: 'Its way through the services' }).click();
  await page.waitForURL(/\/trace\/./);
  await until('it waits for too long', async () => {
    await page.reload();
    return (await page.locator('[data-gap]').count()) === 1;
  });
  assert.match(await page.locator('[data-gap]').innerText(), /Gap:|Slow:/);
  await page.locator('[data-gap] a').click();
  await page.waitForURL(/groups\/backlog_service_group/);
});

test('an event of another program is found by its id, and an id that nobody has says what to do', async () => {
  await page.goto(`/trace/${FOREIGN}`);
  assert.equal(await page.locator('.waterfall .event').count(), 1);
  await page.getByRole('link', { name: 'invoice-mailer' }).waitFor();
  await page.goto('/trace/nobody-has-this-id');
  await page.getByRole('link', { name: 'Look for an event by what is in it' }).click();
  await page.waitForURL(/\/trace$/);
});

test('what is no time comes back as a sentence', async () => {
  const answer = await page.goto('/trace?from=yesterday');
  assert.equal(answer.status(), 422);
  await page.getByText('from is no time').waitFor();
});
