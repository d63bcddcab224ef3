// A page whose content a test decides: the real document of the running server, with the real browser half on it, and markup
// of the test's own inside <main>. What the browser half does to a page can so be tested apart from what is on our pages.

import { alive, until } from './harness.mjs';

/** An address that every server has; the question keeps it apart from the page itself. */
const ADDRESS = '/status?fixture=1';

export class Fixture {
  /** Opens a page with this markup. */
  static async open(browser, server, html, options = {}) {
    const fixture = new Fixture();
    fixture.html = html;
    fixture.title = undefined;
    fixture.status = 200;
    fixture.answers = 0;
    fixture.posts = [];
    fixture.page = await browser.page(server, options);
    await options.before?.(fixture.page);
    await fixture.page.route((url) => url.pathname + url.search === ADDRESS, (route) => fixture.#answer(route));
    await fixture.page.goto(ADDRESS);
    await alive(fixture.page);
    await fixture.page.evaluate(() => (globalThis.sameDocument = true));
    return fixture;
  }

  async #answer(route) {
    const answer = await route.fetch();
    let body = (await answer.text()).replace(/(<main[^>]*>)[^]*<\/main>/, (_, open) => `${open}${this.html}</main>`);
    if (this.title) body = body.replace(/<title>[^<]*<\/title>/, `<title>${this.title}</title>`);
    await route.fulfill({ response: answer, status: this.status, body });
    this.answers += 1;
  }

  /** What the server has from now on; resolves once the page has been brought up to date with it. */
  async show(html) {
    this.html = html;
    await this.refreshed();
  }

  /** Resolves once the page has taken in an answer that was asked for after this call. */
  async refreshed() {
    // one question may be on its way already
    const wanted = this.answers + 2;
    await until('the page has asked twice', () => this.answers >= wanted);
    // an answer is taken in after it has arrived: one more question means that the one before is
    await until('the answer is taken in', () => this.answers >= wanted + 1);
  }

  /** From now on a server function answers so. `answer` is called with the fields; a string goes on unanswered. */
  async functions(answer) {
    await this.page.route('**/api/fn/fixture/**', async (route) => {
      const fields = Object.fromEntries(new URLSearchParams(route.request().postData() ?? ''));
      this.posts.push(fields);
      const made = await answer(fields);
      await (made === 'no answer' ? route.abort() : route.fulfill({ contentType: 'application/json', ...made }));
    });
  }

  /** Whether it is still the document that was opened. */
  isSame() {
    return this.page.evaluate(() => globalThis.sameDocument === true);
  }

  async close() {
    // a tick may have asked just now
    await this.page.unrouteAll({ behavior: 'ignoreErrors' });
    await this.page.context().close();
  }
}

/** What a server function answers to what it does not do. */
export const refused = (message, status = 409) => ({ status, body: JSON.stringify({ kind: 'conflict', message }) });
