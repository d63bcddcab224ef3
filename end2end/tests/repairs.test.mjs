// Repairs with their cost shown first: a group is made and deleted, a consumer hands over and goes, a stream is trimmed, an entry
// is deleted, a key goes on. On names as nobody would choose them.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { HOSTILE, taskUpdated } from '../furnishing.mjs';
import { Browser, Server, alive, until } from '../harness.mjs';

const STREAM = 'or/ders ä';
const stream = `/streams/${encodeURIComponent(STREAM)}`;
const group = (name) => `${stream}/groups/${encodeURIComponent(name)}`;

let server, browser;
before(async () => {
  server = await Server.start({ environment: { DSM_SAMPLE_MS: '250' } });
  browser = await Browser.start();
  for (let n = 1; n <= 6; n += 1) await server.redis('XADD', STREAM, `${n}-0`, 'order', String(n));
  await server.redis('XGROUP', 'CREATE', STREAM, 'mailer', '0');
  await server.redis('XREADGROUP', 'GROUP', 'mailer', HOSTILE, 'COUNT', '2', 'STREAMS', STREAM, '>');
  await server.redis('XREADGROUP', 'GROUP', 'mailer', 'two', 'COUNT', '1', 'STREAMS', STREAM, '>');
  await until('the stream was sampled', async () => {
    const streams = await server.ok('GET', '/api/console/streams');
    return streams.some((one) => one.name === STREAM && one.groups[0]?.pending === 3);
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

const panel = (page) => page.getByRole('complementary').filter({ has: page.locator('#panel-title') });
const done = (page, words) => page.getByText(words).first().waitFor();

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? 'with a script' : 'without a script';
  const name = javaScriptEnabled ? 'auditor "1"' : 'auditor/2';

  test(`a group is created where it was said, and deleted by its typed name, ${how}`, async () => {
    const page = await open(`${stream}?tab=groups`, { javaScriptEnabled });
    await page.getByRole('link', { name: 'Create group…' }).click();
    await panel(page).getByLabel('Name').fill(name);
    await panel(page).getByLabel(/At the start/).check();
    await panel(page).getByRole('button', { name: 'Preview the group' }).click();
    await panel(page).getByText(`6 entries in the stream wait for ${name} from the start`).waitFor();
    assert.ok(!(await server.redis('XINFO', 'GROUPS', STREAM)).includes('auditor'), 'a preview does nothing');
    await panel(page).getByRole('button', { name: 'Create the group' }).click();
    await done(page, `Group ${name} created before the first entry.`);
    assert.equal(new URL(page.url()).pathname, group(name));

    await page.getByRole('link', { name: 'Delete group…' }).click();
    await panel(page).getByText(`6 entries unread by ${name}, 0 pending for it`).waitFor();
    await panel(page).getByLabel('Reason, for the audit log').fill('a test made it');
    await panel(page).getByLabel(`Type ${name} to confirm`).fill(name);
    await panel(page).getByRole('button', { name: 'Delete the group' }).click();
    await done(page, `Group ${name} deleted with 0 consumers and 0 pending.`);
    assert.equal(new URL(page.url()).pathname, stream);
    assert.ok(!(await server.redis('XINFO', 'GROUPS', STREAM)).includes('auditor'));
    // a tick of the page that is left may ask for the group when it is gone already
    page.faults = page.faults.filter((fault) => !/404/.test(fault));
    await leave(page);
  });
}

test('what was typed wrongly as the name of a group to delete is refused by browser and server', async () => {
  const page = await open(`${group('mailer')}?act=delete-group`);
  await panel(page).getByLabel('Reason, for the audit log').fill('not meant');
  await panel(page).getByLabel('Type mailer to confirm').fill('mail');
  await panel(page).getByRole('button', { name: 'Delete the group' }).click();
  assert.ok(await panel(page).getByLabel('Type mailer to confirm').evaluate((input) => !input.checkValidity()));
  assert.ok((await server.redis('XINFO', 'GROUPS', STREAM)).includes('mailer'));
  await leave(page);
});

test('a consumer hands over what it has pending to the one that was chosen, and goes', async () => {
  const page = await open(group('mailer'));
  await page.getByRole('link', { name: `Delete ${HOSTILE}…` }).click();
  await panel(page).getByText('would hand 2 over to handed-over, then be deleted').waitFor();
  await panel(page).getByLabel('What it has pending goes to').selectOption('two');
  await panel(page).getByRole('button', { name: 'Preview the hand-over' }).click();
  await panel(page).getByText('would hand 2 over to two, then be deleted').waitFor();
  assert.ok((await server.redis('XINFO', 'CONSUMERS', STREAM, 'mailer')).includes('onerror'), 'a preview does nothing');
  await panel(page).getByRole('button', { name: 'Delete 1 consumer' }).click();
  await done(page, 'deleted: handed 2 over to two.');
  assert.ok(!(await server.redis('XINFO', 'CONSUMERS', STREAM, 'mailer')).includes('onerror'));
  assert.equal((await server.redis('XPENDING', STREAM, 'mailer', '-', '+', '9', 'two')).match(/^\d-0$/gm).length, 3);
  await leave(page);
});

test('a trim stops before what a group needs, and past that it shows the cost and asks for the name', async () => {
  const page = await open(stream);
  await page.getByRole('link', { name: 'Trim…' }).click();
  await panel(page).getByLabel('Entries to keep').fill('2');
  await panel(page).getByRole('button', { name: 'Preview the trim' }).click();
  await panel(page).getByText('4 entries stay, as mailer still needs them').waitFor();
  assert.equal(await panel(page).getByRole('button', { name: 'Trim the stream' }).count(), 0, 'there is nothing to do');

  await panel(page).getByLabel(/Also what groups still need/).check();
  await panel(page).getByRole('button', { name: 'Preview the trim' }).click();
  await panel(page).getByText('1 entry unread by mailer: it will never see it; 3 pending for mailer lose their body').waitFor();
  // an entry that comes meanwhile changes nothing of that
  await server.redis('XADD', STREAM, '7-0', 'order', '7');
  await panel(page).getByLabel('Reason, for the audit log').fill('too long');
  await panel(page).getByLabel(`Type ${STREAM} to confirm`).fill(STREAM);
  await panel(page).getByRole('button', { name: 'Trim the stream' }).click();
  await done(page, `${STREAM} lost 4 entries: all before 5-0.`);
  assert.equal(await server.redis('XLEN', STREAM), '3');
  await leave(page);
});

test('an entry is deleted from where it is looked at, and a stale preview is shown anew', async () => {
  const page = await open(`${stream}?open=7-0`);
  await panel(page).getByRole('link', { name: 'Delete entry…' }).click();
  await panel(page).getByText('1 entry unread by mailer: it will never see it').waitFor();
  await panel(page).getByLabel('Reason, for the audit log').fill('it was wrong');
  await server.redis('XREADGROUP', 'GROUP', 'mailer', 'two', 'STREAMS', STREAM, '>');
  await panel(page).getByRole('button', { name: 'Delete 1 entry' }).click();
  await page.getByText('state has changed since the preview').first().waitFor();
  assert.equal(await server.redis('XLEN', STREAM), '3', 'nothing was deleted');
  assert.equal(await panel(page).getByLabel('Reason, for the audit log').inputValue(), 'it was wrong', 'nothing typed is lost');
  await panel(page).getByText('1 pending for mailer loses its body').waitFor();
  await panel(page).getByRole('button', { name: 'Delete 1 entry' }).click();
  await done(page, 'Deleted entries: 1 done.');
  assert.equal(await server.redis('XLEN', STREAM), '2');
  // a refusal is an answer with a code of its own, which a developer's console shows in red
  page.faults = page.faults.filter((fault) => !/409/.test(fault));
  await leave(page);
});

test('an entry that holds up its key is given up, and the key goes on', async () => {
  await server.redis('XADD', 'task_update_events', '*', 'data', taskUpdated('NOBODY', 'NOBODY-TASK001', 40));
  const ours = '/streams/task_update_events/groups/backlog_service_group';
  await until('the entry has failed', async () => {
    const [status, lanes] = await server.call('GET', `/api/console${ours}/lanes`);
    // at the fourth attempt the next one is eight seconds away
    return status === 200 && lanes.length === 1 && lanes[0].attempts >= 4;
  });
  const page = await open(ours);
  await page.getByRole('link', { name: 'Give up…' }).click();
  await panel(page).getByText(/It failed 4 times, last with/).waitFor();
  await panel(page).getByRole('button', { name: 'Move it to the dead letters' }).click();
  await done(page, 'and its lane goes on.');
  const { records } = await server.ok('GET', '/api/console/dead-letters?stream=task_update_events');
  assert.deepEqual(records.map(({ provenance }) => provenance.key), ['NOBODY-TASK001']);
  assert.match(records[0].provenance.error, /given up by an operator/);
  await leave(page);
});
