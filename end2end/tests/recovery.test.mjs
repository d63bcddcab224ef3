// Recovery as a job, by hand: a cause, its dry run, a canary, the rest, pause and resume, the report; history once more; and
// whether the log of all that was changed.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';

import { Browser, Server, alive, until } from '../harness.mjs';

const MALFORMED = 300;

let server, browser;
before(async () => {
  server = await Server.start({ environment: { DSM_SAMPLE_MS: '250' } });
  browser = await Browser.start();
  const fill = `for n = 1, ${MALFORMED} do redis.call('XADD', KEYS[1], '*', 'data', 'no JSON') end`;
  await until('the group is there', async () => {
    const streams = await server.ok('GET', '/api/console/streams');
    return streams.some((stream) => stream.name === 'task_update_events' && stream.groups.length > 0);
  });
  await server.redis('EVAL', fill, '1', 'task_update_events');
  await until('all are dead letters', async () => {
    const causes = await server.ok('GET', '/api/console/dead-letters/causes');
    return causes.length === 1 && causes[0].count === MALFORMED;
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

/** `refused`: a form was sent that cannot be meant, and the browser says so in its own words. */
async function leave(page, { refused = false } = {}) {
  const expected = (fault) => refused && /422/.test(fault);
  assert.deepEqual(page.faults.filter((fault) => !expected(fault)), []);
  await page.context().close();
}

const figure = async (page, id) => Number((await page.locator(`#metric-${id} .value`).innerText()).replace(/\D/g, ''));

test('a cause is recovered as a job: dry run, canary, the rest, pause, resume, report', async () => {
  const page = await open('/dead-letters');
  await page.locator('main tbody tr').first().getByRole('link').first().click();
  await page.getByRole('button', { name: `Recover all ${MALFORMED} as a job…` }).click();
  await page.waitForURL(/\/recovery\?/);
  const panel = page.locator('.panel');
  assert.equal(await panel.getByLabel('Stream').inputValue(), 'task_update_events');

  // what cannot be meant comes back with what was typed
  await panel.getByLabel('As they are').check();
  await panel.getByLabel('Entries per second, at most').fill('120');
  await panel.getByRole('button', { name: 'Freeze and show dry run' }).click();
  await page.getByText(/needs a reason/).first().waitFor();
  assert.equal(await panel.getByLabel('Entries per second, at most').inputValue(), '120');
  await panel.getByRole('textbox', { name: 'Reason' }).fill('a test of jobs');
  await panel.getByRole('button', { name: 'Freeze and show dry run' }).click();
  await page.waitForURL(/\/recovery\/\d+/);

  await page.getByRole('button', { name: 'Start with a canary of 5' }).waitFor();
  assert.equal(await figure(page, 'queued'), MALFORMED);
  await page.locator('tbody tr').first().getByText(/Would be given back to/).waitFor();
  const before = await server.ok('GET', '/api/console/dead-letters/causes');
  assert.equal(before[0].count, MALFORMED, 'a dry run sends nothing');

  await page.getByRole('button', { name: 'Start with a canary of 5' }).click();
  await page.getByRole('button', { name: `Send the other ${MALFORMED - 5}` }).waitFor();
  assert.equal(await figure(page, 'again'), 5);

  await page.getByRole('button', { name: `Send the other ${MALFORMED - 5}` }).click();
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('button', { name: 'Resume' }).waitFor();
  await until('it stands still', async () => {
    const seen = await figure(page, 'queued');
    await page.waitForTimeout(600);
    return seen === (await figure(page, 'queued'));
  });
  assert.ok((await figure(page, 'queued')) > 0, 'something is left to be sent');
  await page.getByRole('button', { name: 'Resume' }).click();
  await page.locator('main .lede').getByText('Done', { exact: true }).waitFor();
  assert.equal(await figure(page, 'queued'), 0);
  assert.equal(await figure(page, 'again'), MALFORMED);
  await page.getByRole('link', { name: /^Failed again/ }).click();
  await page.waitForURL(/state=failed_again/);
  assert.equal(await page.locator('section[aria-labelledby=entries-h] tbody tr').count(), 50);

  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'CSV' }).click();
  const file = await readFile(await (await download).path(), 'utf8');
  assert.equal(file.trimEnd().split('\r\n').length, MALFORMED + 2);
  assert.match(file.trimEnd().split('\r\n').at(-1), /complete/);
  await leave(page, { refused: true });
});

test('a job works without script, and can be cancelled', async () => {
  const page = await open('/recovery?new=dead_letters', { javaScriptEnabled: false });
  await page.getByLabel('Entries per second, at most').fill('1');
  await page.getByLabel('Canary').fill('0');
  await page.getByRole('button', { name: 'Freeze and show dry run' }).click();
  await page.waitForURL(/\/recovery\/\d+/);
  await until('it is ready', async () => {
    await page.reload();
    return (await page.getByRole('button', { name: /^Start, send/ }).count()) === 1;
  });
  await page.getByRole('button', { name: /^Start, send/ }).click();
  await page.getByRole('button', { name: 'Pause' }).waitFor();
  await page.getByRole('button', { name: 'Cancel job' }).click();
  await page.getByText(/It is over/).first().waitFor();
  assert.equal(await page.getByRole('button', { name: /^(Start|Resume|Pause|Cancel job)/ }).count(), 0);
  await page.context().close();
});

test('what a group was given before is handled once more, from its page', async () => {
  await server.ok('POST', '/projects', { id: 'AGAIN', name: 'Again', description: 'Twice', status: 'active' });
  await server.ok('POST', '/backlogs/AGAIN');
  await server.ok('POST', '/employees', { employee_id: 'E009', name: 'Ada' });
  await server.ok('POST', '/projects/AGAIN/team-members-assign', { employee_ids: ['E009'] });
  await server.ok('POST', '/sprints/AGAIN', { sprint_name: 'One', duration_weeks: 1 });
  const page = await open('/streams/dsm%3Aevents/groups/chronicle-service-group');
  await page.getByRole('link', { name: 'Handle again…' }).click();
  const panel = page.locator('.panel');
  await panel.getByLabel('From').fill('yesterday');
  await panel.getByLabel('To').fill('9999999999999-0');
  await panel.getByLabel('Canary').fill('0');
  await panel.getByRole('button', { name: 'Freeze and show dry run' }).click();
  await page.getByText(/neither a time like/).first().waitFor();
  await panel.getByLabel('From').fill('0-1');
  await panel.getByRole('button', { name: 'Freeze and show dry run' }).click();
  await page.waitForURL(/\/recovery\/\d+/);
  const start = page.getByRole('button', { name: /^Start, send/ });
  await start.waitFor();
  await start.click();
  await page.locator('main .lede').getByText('Done', { exact: true }).waitFor();
  assert.ok((await figure(page, 'handled')) > 0);
  assert.equal(await figure(page, 'again'), 0);
  await leave(page, { refused: true });
});

test('the log says that nobody has changed it, and a head of earlier is found in its chain', async () => {
  const page = await open('/audit');
  await page.getByRole('link', { name: 'Verify chain' }).click();
  await page.getByText('The log is as it was written.').waitFor();
  const head = (await page.locator('.chain .id').innerText()).trim();
  assert.match(head, /^[0-9a-f]{64}$/);
  await page.getByLabel('A head you wrote down earlier').fill(head);
  await page.getByRole('button', { name: 'Compare' }).click();
  await page.waitForURL(/head=/);
  await page.getByText('The log is as it was written.').waitFor();
  await page.getByLabel('A head you wrote down earlier').fill('0'.repeat(64));
  await page.getByRole('button', { name: 'Compare' }).click();
  await page.getByText('The log was changed by something other than this program.').waitFor();
  await page.getByText(/written anew/).waitFor();
  await leave(page);
});
