// Every link that a person can follow from the first page leads to a page.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { furnish } from '../furnishing.mjs';
import { Server } from '../harness.mjs';

/** Enough to reach every kind of page many times; filters and cursors make more addresses than anybody needs to try. */
const MOST = 300;
/** Of one page with different questions (`?tab=`, `?open=`), so many are tried. */
const MOST_PER_PATH = 12;

let server;
before(async () => {
  server = await Server.start();
  await furnish(server);
});
after(() => server?.stop());

test('no link is broken', async () => {
  const waiting = [{ to: '/', from: 'the start' }];
  const seen = new Set(['/']);
  const perPath = new Map();
  const broken = [];
  while (waiting.length > 0 && seen.size < MOST) {
    const { to, from } = waiting.shift();
    const answer = await fetch(server.url + to, { headers: { accept: 'text/html' } });
    const text = await answer.text();
    if (answer.status !== 200) broken.push(`${to} (on ${from}): ${answer.status}`);
    if (!answer.headers.get('content-type')?.startsWith('text/html')) continue;
    for (const [, href] of text.matchAll(/<a\b[^>]*?\shref="([^"]*)"/g)) {
      const address = new URL(href.replaceAll('&amp;', '&'), server.url + to);
      if (address.origin !== server.url) continue;
      const next = address.pathname + address.search;
      const count = perPath.get(address.pathname) ?? 0;
      if (seen.has(next) || count >= MOST_PER_PATH) continue;
      seen.add(next);
      perPath.set(address.pathname, count + 1);
      waiting.push({ to: next, from: to });
    }
  }
  assert.deepEqual(broken, []);
  assert.ok(seen.size > 30, `only ${seen.size} addresses were found; are links still <a href>?`);
});
