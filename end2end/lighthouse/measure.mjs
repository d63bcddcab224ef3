// What Lighthouse says of the Overview page with data on it, in the release build. Fails below the scores we hold ourselves to.

import { execFile } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { furnish } from '../furnishing.mjs';
import { Server, until } from '../harness.mjs';

const LEAST = { performance: 95, accessibility: 100, 'best-practices': 100 };
const results = fileURLToPath(new URL('../results', import.meta.url));
const report = `${results}/lighthouse.json`;

async function settled() {
  const streams = await server.ok('GET', '/api/console/streams');
  const words = streams.flatMap((stream) => stream.groups.map((group) => `${stream.name}: ${group.verdict.word}`));
  return words.includes('orders: Falling behind') && words.every((word) => !word.endsWith('Failing'));
}

await mkdir(results, { recursive: true });
const server = await Server.start();
try {
  await furnish(server);
  // a page that loads is measured, not a group that begins to fall behind meanwhile: that moves it up in its table
  await until('every group is what it is going to be', settled, { patience: 180_000, every: 1_000 });
  await promisify(execFile)(
    fileURLToPath(new URL('node_modules/.bin/lighthouse', import.meta.url)),
    [
      server.url, '--quiet', '--output=json', `--output-path=${report}`,
      `--only-categories=${Object.keys(LEAST).join(',')}`,
      '--chrome-flags=--headless=new --no-sandbox --disable-gpu',
    ],
    { env: { CHROME_PATH: process.env.CHROMIUM ?? '/usr/bin/chromium', ...process.env }, timeout: 180_000 },
  );
} finally {
  await server.stop();
}
const { categories, audits } = JSON.parse(await readFile(report, 'utf8'));
let good = true;
for (const [name, least] of Object.entries(LEAST)) {
  const score = Math.round(categories[name].score * 100);
  console.log(`${name}: ${score} (at least ${least})`);
  if (score >= least) continue;
  good = false;
  for (const { id } of categories[name].auditRefs) {
    if (audits[id].score !== null && audits[id].score < 1) console.log(`  ${audits[id].title} ${audits[id].displayValue ?? ''}`);
  }
}
process.exitCode = good ? 0 : 1;
