// A browser without JavaScript sees every figure and can do everything that is a link or a form.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { furnish, pages } from '../furnishing.mjs';
import { Browser, Server, until } from '../harness.mjs';
import { act, createProject, generateBacklog, openCause, runDailyScrum, startSprint } from '../screens.mjs';

let server, browser, furnished, page;
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

test('every page has its heading and its data at first paint', async () => {
  for (const [name, address] of Object.entries(pages(furnished))) {
    await page.goto(address);
    assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1, `${name} has no heading`);
    assert.equal(await page.locator('main .skeleton').count(), 0, `${name} waits for a script`);
  }
  await page.goto('/');
  for (const stream of ['task_update_events', 'dsm:events', 'orders']) {
    assert.ok((await page.getByText(stream).count()) > 0, `the overview does not name ${stream}`);
  }
});

test('a project is created, filled and sprinted by forms alone', async () => {
  await createProject(page, { id: 'FORM-1', name: 'By forms', description: 'No script at all' });
  await generateBacklog(page, 'FORM-1');
  assert.equal((await server.ok('GET', '/backlogs/FORM-1')).length, 10);
  const sprint = await startSprint(page, server, 'FORM-1', { name: 'First', weeks: 2 });
  await runDailyScrum(page, sprint);
  const tasks = await server.ok('GET', `/sprints/${sprint}/tasks`);
  assert.ok(tasks.every((task) => task.progress_percentage > 0), 'the daily scrum has moved every task');
});

test('a dead letter is discarded with a reason by forms alone', async () => {
  await openCause(page, /not a JSON object/i);
  await act(page, /discard/i, { reason: 'a test wrote it' });
  await until('no dead letter is left', async () => {
    const { records } = await server.ok('GET', '/api/console/dead-letters');
    return records.length === 0;
  });
  await page.goto('/audit');
  await page.getByText('a test wrote it').waitFor();
});
