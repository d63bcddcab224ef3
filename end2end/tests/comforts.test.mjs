// What a page gets on top of working without a script: keys, palette, copying, ticking all, forms that stay, a board that is
// moved by keys or by hand.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Fixture, refused } from '../fixture.mjs';
import { PROJECT, furnish } from '../furnishing.mjs';
import { Browser, Server, alive, until } from '../harness.mjs';

let server, browser, furnished;
before(async () => {
  server = await Server.start({ environment: { DSM_SAMPLE_MS: '250' } });
  browser = await Browser.start();
  furnished = await furnish(server);
});
after(async () => {
  await browser?.stop();
  await server?.stop();
});

async function open(address, options) {
  const page = await browser.page(server, options);
  await page.goto(address);
  await alive(page);
  return page;
}

/** Looks, and leaves: nothing may have gone wrong on the way. */
async function leave(page) {
  assert.deepEqual(page.faults, []);
  await page.context().close();
}

const at = (page) => new URL(page.url()).pathname;

test('two keys go to a page, and letters in a field stay text', async () => {
  const page = await open('/');
  await page.keyboard.press('g');
  await page.keyboard.press('d');
  await page.waitForURL('**/dead-letters');
  await alive(page);
  await page.keyboard.press('/');
  await page.keyboard.type('gsx?');
  assert.equal(await page.getByRole('searchbox').inputValue(), 'gsx?');
  assert.equal(at(page), '/dead-letters');
  await page.keyboard.press('Escape');
  await page.keyboard.press('g');
  await page.keyboard.press('s');
  await page.waitForURL('**/streams');
  await leave(page);
});

test('the key sheet opens and closes by key', async () => {
  const page = await open('/');
  await page.keyboard.press('?');
  const sheet = page.getByRole('dialog', { name: /keys/i });
  await sheet.waitFor();
  await page.keyboard.press('Escape');
  await sheet.waitFor({ state: 'hidden' });
  await leave(page);
});

test('the palette finds a group by a part of its name, and an event by its id', async () => {
  const page = await open('/');
  await page.keyboard.press('Control+k');
  const words = page.getByRole('combobox', { name: /stream, group/i });
  await words.waitFor();
  await words.fill('invoice');
  await page.getByRole('option', { name: /invoice-mailer/ }).waitFor();
  await page.keyboard.press('Enter');
  await page.waitForURL('**/streams/orders/groups/invoice-mailer');
  await alive(page);
  await page.keyboard.press('Control+k');
  // answered before it is chosen, however fast somebody types
  await page.keyboard.type(furnished.record.provenance.source_id);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/streams/task_update_events?open=*');
  await leave(page);
});

test('the palette says so when nothing has such a name', async () => {
  const page = await open('/');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('no such thing anywhere');
  await page.getByText('Nothing here has such a name or id.').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('combobox', { name: /stream, group/i }).waitFor({ state: 'hidden' });
  await leave(page);
});

test('rows are walked, ticked and opened by keys', async () => {
  const page = await open('/streams/task_update_events');
  const current = page.locator('main tr[aria-current=true]');
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  const id = await current.locator('th, td').first().innerText();
  assert.equal(await page.locator('main tbody tr').nth(1).locator('th, td').first().innerText(), id);
  await page.keyboard.press('Enter');
  await page.waitForURL(`**/streams/task_update_events?open=${id.trim()}`);
  await alive(page);
  await page.keyboard.press('Escape');
  await page.waitForURL('**/streams/task_update_events');
  await leave(page);
});

test('one box ticks all that are shown, and how many is told', async () => {
  const page = await open('/streams/orders/groups/invoice-mailer');
  await page.getByRole('checkbox', { name: 'Select all shown' }).check();
  assert.equal(await page.locator('[data-selected-count]').innerText(), '1');
  assert.ok(await page.getByRole('checkbox', { name: furnished.pending }).isChecked());
  await page.getByRole('checkbox', { name: furnished.pending }).uncheck();
  assert.equal(await page.locator('[data-selected-count]').innerText(), '0');
  await leave(page);
});

test('an id is copied by one press', async () => {
  const page = await open(`/projects/${PROJECT}`, { permissions: ['clipboard-read', 'clipboard-write'] });
  await page.getByRole('button', { name: `Copy ${PROJECT}` }).click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), PROJECT);
  await page.getByText(`Copied ${PROJECT}`).waitFor({ state: 'attached' });
  await leave(page);
});

const FORM = `<form method="post" action="/api/fn/fixture/act"><input name="name" value="">
  <footer class="panel-foot"><button name="act" value="go">Do it</button></footer></form>`;

test('a form that is refused says why beside its button and keeps what was typed', async () => {
  const fixture = await Fixture.open(browser, server, FORM);
  const { page } = fixture;
  await fixture.functions(() => refused('the name is taken'));
  await page.locator('[name=name]').fill('half a na');
  await page.getByRole('button', { name: 'Do it' }).click();
  await page.getByRole('alert').getByText('Not done. The name is taken.').waitFor();
  assert.equal(await page.locator('[name=name]').inputValue(), 'half a na');
  assert.deepEqual(fixture.posts, [{ name: 'half a na', act: 'go' }]);
  await fixture.refreshed();
  assert.ok(await page.getByText('The name is taken.').isVisible(), 'an update took the reason away');
  assert.ok(await fixture.isSame());
  await fixture.close();
});

test('a form without an answer says that nobody knows, and does not send itself again', async () => {
  const fixture = await Fixture.open(browser, server, FORM);
  const { page } = fixture;
  await fixture.functions(() => 'no answer');
  await page.getByRole('button', { name: 'Do it' }).click();
  await page.getByText('It may or may not have been done').waitFor();
  assert.equal(fixture.posts.length, 1);
  await fixture.close();
});

test('a form that is sent twice in haste is sent once', async () => {
  const fixture = await Fixture.open(browser, server, FORM);
  const { page } = fixture;
  let answer;
  await fixture.functions(() => new Promise((resolve) => (answer = resolve)));
  await page.getByRole('button', { name: 'Do it' }).dblclick();
  await until('the form is on its way', () => answer);
  answer({ status: 200, body: 'null' });
  await until('the form is free again', async () => (await page.locator('form[data-busy]').count()) === 0);
  assert.equal(fixture.posts.length, 1);
  await fixture.close();
});

test('a task is moved to the next column by a key, and its progress is set by another', async () => {
  const page = await open(`/sprints/${furnished.sprint}`);
  const card = (task) => page.locator(`[data-task="${PROJECT}-${task}"]`);
  await card('TASK001').focus();
  await page.keyboard.press(']');
  const task = async (name) => {
    const tasks = await server.ok('GET', `/sprints/${furnished.sprint}/tasks`);
    return tasks.find(({ task_id: id }) => id === `${PROJECT}-${name}`);
  };
  await until('the task is completed', async () => (await task('TASK001')).progress_percentage === 100);
  await until('the board says so', async () => (await page.locator('[data-status=completed]').locator(`[data-task="${PROJECT}-TASK001"]`).count()) === 1);
  const before = (await task('TASK002')).progress_percentage;
  await card('TASK002').focus();
  await page.keyboard.press('+');
  await page.keyboard.press('+');
  await until('two presses are one change', async () => (await task('TASK002')).progress_percentage === Math.min(before + 20, 100));
  await leave(page);
});

test('a task is moved by hand', async () => {
  const page = await open(`/sprints/${furnished.sprint}`);
  // to the top of the column: the middle of a long one is out of sight, and scrolling to it would be another drag
  const column = page.locator('.board-column[data-status=completed]');
  await page.locator(`[data-task="${PROJECT}-TASK003"]`).dragTo(column, { targetPosition: { x: 60, y: 60 } });
  await until('the task is completed', async () => {
    const tasks = await server.ok('GET', `/sprints/${furnished.sprint}/tasks`);
    return tasks.some(({ task_id: id, status }) => id === `${PROJECT}-TASK003` && status === 'completed');
  });
  await leave(page);
});

test('a move that the server refuses is taken back with the reason', async () => {
  const page = await open(`/sprints/${furnished.sprint}`);
  await page.route('**/api/fn/sprint/set_progress', (route) =>
    route.fulfill({ status: 409, contentType: 'application/json', body: JSON.stringify({ kind: 'conflict', message: 'the sprint is closed' }) }),
  );
  const column = () => page.locator(`.board-column:has([data-task="${PROJECT}-TASK004"])`).getAttribute('data-status');
  const before = await column();
  await page.locator(`[data-task="${PROJECT}-TASK004"]`).focus();
  await page.keyboard.press(']');
  await page.getByText(`${PROJECT}-TASK004 stays as it was. The sprint is closed.`).waitFor();
  assert.equal(await column(), before);
  page.faults = page.faults.filter((fault) => !fault.includes('409'));
  await leave(page);
});

// as where somebody else moves it back in the same moment: the page is again what it was before the move
test('a card that the server has elsewhere than the page goes back to where the server has it', async () => {
  const page = await open(`/sprints/${furnished.sprint}`);
  const card = page.locator(`[data-task="${PROJECT}-TASK004"]`);
  const column = () => page.locator(`.board-column:has([data-task="${PROJECT}-TASK004"])`).getAttribute('data-status');
  await until('the columns have versions', async () => (await page.locator('.board-column[data-v]').count()) > 1);
  await page.route('**/api/fn/sprint/set_progress', (route) => route.fulfill({ status: 200, contentType: 'application/json', body: 'null' }));
  const before = await column();
  await card.focus();
  await page.keyboard.press(']');
  await until('it was moved', async () => (await column()) !== before || (await page.locator('#said').textContent()).includes('TASK004'));
  await until('it is back', async () => (await column()) === before);
  await leave(page);
});

test('light and dark are switched by a press and stay chosen', async () => {
  const page = await open('/', { colorScheme: 'light' });
  const scheme = () => page.locator('html').evaluate((root) => getComputedStyle(root).colorScheme);
  const before = await scheme();
  await page.locator('.topbar form.scheme button').first().click();
  await until('the scheme has changed', async () => (await scheme()) !== before);
  const chosen = await scheme();
  await page.goto('/streams');
  assert.equal(await scheme(), chosen);
  await leave(page);
});

test('while Redis is away, acts that need it are off and say why, and come back by themselves', async () => {
  const own = await Server.start({ environment: { DSM_SAMPLE_MS: '250' } });
  try {
    const letter = await furnish(own).then(({ record }) => `${record.provenance.stream}/${record.id}`);
    const page = await browser.page(own);
    await page.goto(`/dead-letters?act=replay&item=${encodeURIComponent(letter)}`);
    await alive(page);
    const act = page.locator('.panel').getByRole('button', { name: /^Replay 1/ });
    await act.waitFor();
    const redis = Number(/process_id:(\d+)/.exec(await own.redis('INFO', 'server'))[1]);
    process.kill(redis, 'SIGSTOP');
    const any = page.locator('main').getByRole('button', { name: /^Replay/ }).first();
    await until('the act is off', async () => (await any.getAttribute('aria-disabled')) === 'true');
    await page.locator('.notice').getByText('Redis is away').waitFor();
    process.kill(redis, 'SIGCONT');
    await until('it is on again', async () => (await act.count()) === 1 && (await act.getAttribute('aria-disabled')) !== 'true');
    await page.context().close();
  } finally {
    await own.stop();
  }
});
