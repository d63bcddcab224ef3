// The whole story, by clicks: sample project, sprint, daily scrums, lag that moves, a poisoned entry, its repair.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { taskUpdated } from '../furnishing.mjs';
import { Browser, Server, alive, settled, until } from '../harness.mjs';
import * as screens from '../screens.mjs';

const STREAM = 'task_update_events';
const GROUP = 'backlog_service_group';
const DEAD_LETTERS = `{${STREAM}}:dlq`;

let server, browser, page, sprint;
before(async () => {
  server = await Server.start();
  browser = await Browser.start();
  page = await browser.page(server);
});
after(async () => {
  await browser?.stop();
  await server?.stop();
});

const length = async (stream) => Number(await server.redis('XLEN', stream));

test('the first screen offers the sample project, and a click loads it', async () => {
  await page.goto('/');
  await alive(page);
  await screens.loadSample(page);
  const project = await until('the project is there', () => server.ok('GET', '/projects/DEMO'));
  assert.equal(project.name, 'Acme Web Shop');
});

test('a sprint is planned, previewed and started, and the other services hear of it', async () => {
  sprint = await screens.startSprint(page, server, 'DEMO', { name: 'Checkout', weeks: 2 });
  const tasks = await server.ok('GET', `/sprints/${sprint}/tasks`);
  assert.equal(tasks.length, 14);
  await settled(server);
  const backlog = await server.ok('GET', '/backlogs/DEMO');
  assert.ok(backlog.every((task) => task.sprint_id === sprint && task.status === 'assigned_to_sprint'));
  assert.equal((await server.ok('GET', '/projects/DEMO')).status, 'in_progress');
  const notes = await server.ok('GET', `/v1/notes/events?sprint_id=${sprint}`);
  assert.deepEqual(notes.map((note) => note.event_type), ['SprintStarted']);
});

test('three daily scrums move every task, in the sprint and in the backlog', async () => {
  for (let day = 1; day <= 3; day += 1) await screens.runDailyScrum(page, sprint);
  await settled(server);
  const inSprint = await server.ok('GET', `/sprints/${sprint}/tasks`);
  const inBacklog = new Map((await server.ok('GET', '/backlogs/DEMO')).map((task) => [task.task_id, task]));
  for (const task of inSprint) {
    assert.ok(task.progress_percentage >= 15, `${task.task_id} moved by at least 5 on each of three days`);
    assert.equal(inBacklog.get(task.task_id).progress_percentage, task.progress_percentage);
  }
});

test('lag is seen to rise while the group is paused, and to fall when it goes on', async () => {
  await page.goto(`/streams/${STREAM}/groups/${GROUP}`);
  await alive(page);
  await page.evaluate(() => (globalThis.sameDocument = true));
  await until('no lag at first', async () => (await screens.lag(page)) === 0);
  await screens.pauseGroup(page);
  await page.evaluate(() => (globalThis.sameDocument = true));
  const { tasks_updated_count: updated } = await server.ok('POST', `/sprints/${sprint}/run-daily-scrum`);
  assert.ok(updated > 0);
  await until(`the page shows a lag of ${updated}`, async () => (await screens.lag(page)) === updated);
  assert.ok(await page.evaluate(() => globalThis.sameDocument), 'the figure changed by itself');
  await screens.resumeGroup(page);
  await until('the page shows no lag', async () => (await screens.lag(page)) === 0);
  await settled(server);
});

test('an event of a task that nobody knows becomes a dead letter after its attempts', async () => {
  await server.redis('XADD', STREAM, '*', 'data', taskUpdated('FIX', 'FIX-TASK001', 40));
  await until('the entry is a dead letter', async () => (await length(DEAD_LETTERS)) === 1, { patience: 60_000 });
  assert.match(await server.redis('XPENDING', STREAM, GROUP), /^0/, 'it is acknowledged in its stream');
  await screens.openCause(page, /unknown task/i);
  await page.getByText('FIX-TASK001').first().waitFor();
  const { records } = await server.ok('GET', '/api/console/dead-letters');
  assert.equal(records[0].provenance.attempts, 5);
});

test('once its task exists, a click sends it back to the group that failed, and it is handled', async () => {
  await screens.createProject(page, { id: 'FIX', name: 'Repaired', description: 'Its task exists now' });
  await screens.generateBacklog(page, 'FIX');
  const entries = await length(STREAM);
  await screens.openCause(page, /unknown task/i);
  await screens.act(page, /replay|recover/i);
  const task = await until('the replayed event has taken effect', async () => {
    const tasks = await server.ok('GET', '/backlogs/FIX');
    return tasks.find(({ task_id: id, progress_percentage: progress }) => id === 'FIX-TASK001' && progress === 40);
  });
  assert.equal(task.status, 'in_progress');
  assert.equal(await length(STREAM), entries, 'no other group saw it again: nothing was added to the stream');
  assert.equal(await length(DEAD_LETTERS), 0);
  await settled(server);
});

test('the page says that nothing is left to repair, and the audit log who did what', async () => {
  await page.goto('/dead-letters');
  await page.getByRole('heading', { name: /no dead letters/i }).waitFor();
  await page.goto('/audit');
  await page.getByText(/replay/i).first().waitFor();
});

test('nothing went wrong in the browser all along', () => {
  assert.deepEqual(page.faults, []);
});
