// An update changes what the server has changed, and nothing that a person has done.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Fixture } from '../fixture.mjs';
import { Browser, Server, until } from '../harness.mjs';

let server, browser;
before(async () => {
  // ticks come faster than a page asks, so that nothing waits for them
  server = await Server.start({ environment: { DSM_SAMPLE_MS: '250' } });
  browser = await Browser.start();
});
after(async () => {
  await browser?.stop();
  await server?.stop();
});

/** Opens the markup, lets a person act, shows the new markup, looks. */
async function morphed(before, act, after, look) {
  const fixture = await Fixture.open(browser, server, before);
  await act(fixture.page);
  await fixture.show(after);
  await look(fixture.page);
  assert.ok(await fixture.isSame(), 'the page was loaded again');
  assert.deepEqual(fixture.page.faults, []);
  await fixture.close();
}

/** Marks elements, so that a test can tell whether they are still the same ones. */
const mark = (page, selector) =>
  page.locator(selector).evaluateAll((elements) => elements.forEach((element, index) => (element.mark = index)));
const marks = (page, selector) => page.locator(selector).evaluateAll((elements) => elements.map((element) => element.mark));

test('text and attributes follow the server, and what did not change is the same element', async () => {
  await morphed(
    '<p id="a" class="x" title="old">1</p><p>same <b>and so on</b></p><svg><text x="1">old</text></svg>',
    (page) => mark(page, 'main p'),
    '<p id="a" data-status="bad">2</p><p>same <b>and so on</b></p><svg><text x="2">new</text></svg>',
    async (page) => {
      assert.equal(
        await page.locator('main').innerHTML(),
        '<p id="a" data-status="bad">2</p><p>same <b>and so on</b></p><svg><text x="2">new</text></svg>',
      );
      assert.deepEqual(await marks(page, 'main p'), [0, 1]);
    },
  );
});

test('what is typed stays, with focus and selection, while its neighbours change', async () => {
  const page = (count) => `<p>${count} found</p><form><input type="search" name="q" value=""><textarea name="t">said</textarea></form>`;
  await morphed(
    page(1),
    async (page) => {
      await page.locator('main textarea').fill('said more');
      await page.locator('main input').fill('half a word');
      await page.locator('main input').evaluate((input) => input.setSelectionRange(2, 6));
    },
    page(2),
    async (page) => {
      assert.equal(await page.locator('main p').innerText(), '2 found');
      assert.equal(await page.locator('main textarea').inputValue(), 'said more');
      assert.deepEqual(
        await page.evaluate(() => {
          const { value, selectionStart, selectionEnd, tagName } = document.activeElement;
          return [tagName, value, selectionStart, selectionEnd];
        }),
        ['INPUT', 'half a word', 2, 6],
      );
    },
  );
});

test('a field that nobody touched follows the server, also one that was touched and put back', async () => {
  await morphed(
    '<input id="a" value="one"><input id="b" value="one"><input id="c" type="hidden" value="one"><textarea id="d">one</textarea>',
    async (page) => {
      await page.locator('#b').fill('other');
      await page.locator('#b').fill('one');
      await page.locator('#b').blur();
    },
    '<input id="a" value="two"><input id="b" value="two"><input id="c" type="hidden" value="two"><textarea id="d">two</textarea>',
    async (page) => {
      for (const id of ['a', 'b', 'c', 'd']) assert.equal(await page.locator(`#${id}`).inputValue(), 'two', id);
    },
  );
});

test('ticks and choices that a person made stay, the others follow the server', async () => {
  const page = (checked, selected) => `<p>${selected}</p>
    <input id="mine" type="checkbox"><input id="other" type="checkbox" ${checked}>
    <select id="chosen"><option>a</option><option>b</option><option ${selected}>c</option></select>
    <select id="untouched"><option>a</option><option>b</option><option ${selected}>c</option></select>`;
  await morphed(
    page('', ''),
    async (page) => {
      await page.locator('#mine').check();
      await page.locator('#chosen').selectOption('b');
      await page.locator('#chosen').blur();
    },
    page('checked', 'selected'),
    async (page) => {
      assert.deepEqual(await page.locator('main input').evaluateAll((boxes) => boxes.map((box) => box.checked)), [true, true]);
      assert.equal(await page.locator('#chosen').inputValue(), 'b');
      assert.equal(await page.locator('#untouched').inputValue(), 'c');
    },
  );
});

test('a choice that is no longer offered falls back to what the server offers', async () => {
  await morphed(
    '<select><option>a</option><option>b</option></select>',
    (page) => page.locator('main select').selectOption('b'),
    '<select><option>a</option><option>c</option></select>',
    async (page) => assert.equal(await page.locator('main select').inputValue(), 'a'),
  );
});

test('a form with a field named id is followed like any other', async () => {
  await morphed(
    '<p>old</p><form class="f"><input name="id" value="A"></form>',
    async () => {},
    '<p>new</p><form class="f"><input name="id" value="B"></form>',
    async (page) => {
      assert.equal(await page.locator('form.f [name=id]').inputValue(), 'B');
    },
  );
});

test('what is opened stays open', async () => {
  await morphed(
    '<details id="json"><summary>json</summary>1</details><details id="shut" open><summary>shut</summary></details>',
    async (page) => {
      await page.locator('#json summary').click();
      await page.locator('#shut summary').click();
    },
    '<details id="json"><summary>json</summary>2</details><details id="shut" open><summary>shut</summary></details>',
    async (page) => {
      assert.deepEqual(await page.locator('main details').evaluateAll((all) => all.map((one) => one.open)), [true, false]);
      assert.match(await page.locator('#json').innerText(), /2/);
    },
  );
});

const table = (...keys) => `<table><tbody>${keys.map((key) => `<tr data-key="${key}"><td><input name="${key}"></td></tr>`).join('')}</tbody></table>`;

test('rows are known by their key: one on top or in the middle leaves the others alone', async () => {
  await morphed(
    table('a', 'b', 'c'),
    async (page) => {
      await mark(page, 'main tr');
      await page.locator('[name=b]').fill('typed');
    },
    table('new', 'a', 'between', 'b'),
    async (page) => {
      assert.deepEqual(await marks(page, 'main tr'), [undefined, 0, undefined, 1]);
      assert.equal(await page.locator('[name=b]').inputValue(), 'typed');
      assert.equal(await page.evaluate(() => document.activeElement.name), 'b');
    },
  );
});

test('rows in another order are the same rows, and focus and what is typed go with them', async () => {
  await morphed(
    table('a', 'b', 'c', 'd'),
    async (page) => {
      await mark(page, 'main tr');
      await page.locator('[name=a]').fill('typed');
    },
    table('d', 'c', 'b', 'a'),
    async (page) => {
      assert.deepEqual(await marks(page, 'main tr'), [3, 2, 1, 0]);
      assert.equal(await page.locator('[name=a]').inputValue(), 'typed');
      assert.equal(await page.evaluate(() => document.activeElement.name), 'a');
    },
  );
});

test('how far something is scrolled stays, also when it is put elsewhere', async () => {
  const list = (key, rows) => `<pre class="error-text" data-key="${key}" tabindex="0">${'line\n'.repeat(rows)}</pre>`;
  const style = (page) => page.locator('pre').evaluateAll((all) => all.forEach((one) => {
    // a style sheet of the test's own: the policy of the page allows no style attribute
    one.style.setProperty('height', '80px');
    one.style.setProperty('overflow', 'auto');
  }));
  await morphed(
    list('a', 60) + list('b', 60) + list('c', 60),
    async (page) => {
      await style(page);
      await page.locator('pre').evaluateAll((all) => all.forEach((one, index) => {
        one.dataset.own = '';
        one.setAttribute('data-own', 'style');
        one.scrollTop = 100 * (index + 1);
      }));
    },
    list('c', 61) + list('b', 61) + list('a', 61),
    async (page) => assert.deepEqual(await page.locator('pre').evaluateAll((all) => all.map((one) => one.scrollTop)), [300, 200, 100]),
  );
});

test('a notice that appears above does not take the place of what is below', async () => {
  await morphed(
    '<div class="filters">f</div><div class="table-wrap">t</div>',
    (page) => mark(page, 'main > div'),
    '<div class="notice">new</div><div class="filters">f</div><div class="table-wrap">u</div>',
    async (page) => assert.deepEqual(await marks(page, 'main > div'), [undefined, 0, 1]),
  );
});

test('the title of the page follows the server', async () => {
  const fixture = await Fixture.open(browser, server, '<p>1</p>');
  fixture.title = '3 wrong · DSM Console';
  await until('the title has changed', async () => (await fixture.page.title()) === '3 wrong · DSM Console');
  await fixture.close();
});

test('markup that a stranger wrote into a script tag does not run when it comes by an update', async () => {
  await morphed(
    '<p>1</p>',
    () => {},
    '<p>2</p><script>globalThis.ran = true</script><img alt="" src="data:," onerror="globalThis.ran = true">',
    async (page) => {
      assert.equal(await page.locator('main p').innerText(), '2');
      assert.equal(await page.evaluate(() => globalThis.ran), undefined);
      // the policy says so in the console, and that is all that happens
      page.faults = [];
    },
  );
});

test('nothing changes under a pressed button of the mouse; what came meanwhile is shown when it is let go', async () => {
  const fixture = await Fixture.open(browser, server, '<p>1</p>');
  const { page } = fixture;
  await page.locator('main p').hover();
  await page.mouse.down();
  fixture.html = '<p>2</p>';
  // proof that time enough has passed: a page that nobody touches has shown it
  const witness = await Fixture.open(browser, server, '<p>1</p>');
  await witness.show('<p>2</p>');
  await witness.close();
  assert.equal(await page.locator('main p').innerText(), '1');
  await page.mouse.up();
  await until('the page has caught up', async () => (await page.locator('main p').innerText()) === '2');
  await fixture.close();
});

for (const [what, change] of [
  ['an answer that is no success', (fixture) => (fixture.status = 503)],
  ['an answer from elsewhere', (fixture) => fixture.page.route('**/status?fixture=1', (route) => route.fulfill({ status: 302, headers: { location: '/access' } }))],
  ['no answer', (fixture) => fixture.page.route('**/status?fixture=1', (route) => route.abort())],
]) {
  test(`${what} leaves the page as it is, and the age says so`, async () => {
    const fixture = await Fixture.open(browser, server, '<p>1</p>');
    const { page } = fixture;
    fixture.html = '<p>wrong</p>';
    await change(fixture);
    await page.getByText(/not updated · data \d.* old/).waitFor();
    assert.equal(await page.locator('main').innerHTML(), '<p>1</p>');
    fixture.status = 200;
    fixture.html = '<p>2</p>';
    await page.unroute('**/status?fixture=1');
    await until('it catches up', async () => (await page.locator('main').innerHTML()) === '<p>2</p>');
    await page.getByText(/live · /).waitFor();
    await fixture.close();
  });
}
