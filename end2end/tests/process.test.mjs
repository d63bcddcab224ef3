// The program as a service manager and an operator's shell see it.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { PATIENCE_MS, Server, until } from '../harness.mjs';

const run = promisify(execFile);

/** The page at this path, as a browser gets it. */
async function page(server, path) {
  const headers = { accept: 'text/html' };
  const answer = await fetch(server.url + path, { headers, signal: AbortSignal.timeout(PATIENCE_MS) });
  assert.equal(answer.status, 200, path);
  return answer.text();
}

/** Runs the program to its end with these words: code and what it said. */
async function ran(...words) {
  const child = Server.program(words);
  let said = '';
  child.stdout.on('data', (data) => (said += data));
  child.stderr.on('data', (data) => (said += data));
  const [code] = await once(child, 'close');
  return { code, said };
}

test('help names every option with its variable', async () => {
  const { code, said } = await ran('serve', '--help');
  assert.equal(code, 0);
  const [, ...options] = said.split(/^ {6}(?=--)/m);
  assert.ok(options.length > 10, said);
  for (const option of options) assert.match(option, /\[env: [A-Z_]+/, option);
});

test('an address that others can reach is refused with the way out', async () => {
  const { code, said } = await ran('serve', '--listen', '0.0.0.0:0', '--data', '/nonexistent');
  assert.equal(code, 1);
  assert.match(said, /refusing to listen on 0\.0\.0\.0.*--listen 127\.0\.0\.1/s);
});

test('what cannot be understood is named, and nothing is started', async () => {
  const { code, said } = await ran('serve', '--sample-ms', '5');
  assert.notEqual(code, 0);
  assert.match(said, /sample-ms/);
});

test('a stop ends in order while a page listens, and what was written is there at the next start', async () => {
  const server = await Server.start();
  await server.ok('POST', '/projects', { id: 'KEPT', name: 'Kept', description: 'x', status: 'active' });
  const live = await fetch(`${server.url}/api/console/live`);
  const reader = live.body.getReader();
  await reader.read();
  await server.again();
  assert.equal((await server.ok('GET', '/projects/KEPT')).name, 'Kept');
  await reader.cancel().catch(() => {});
  await server.stop();
});

test('a second signal ends at once', async () => {
  const server = await Server.start();
  const redis = Number(/process_id:(\d+)/.exec(await server.redis('INFO', 'server'))[1]);
  // a frozen Redis is what an orderly end waits for
  process.kill(redis, 'SIGSTOP');
  server.child.kill('SIGTERM');
  await until('it has begun to end', () => /ending: requests first/.test(server.log));
  server.child.kill('SIGTERM');
  const { code } = await server.ended;
  assert.equal(code, 0);
  assert.match(server.log, /ended at once/);
  await until('its private Redis is gone too', () => {
    try {
      process.kill(redis, 0);
      return false;
    } catch {
      return true;
    }
  });
  await rm(server.data, { recursive: true, force: true });
});

test('without Redis it stays up, says why, and serves its pages', async () => {
  const server = await Server.start({ environment: { REDIS_URL: 'redis://127.0.0.1:1' } });
  const [status, ready] = await server.call('GET', '/health/ready');
  assert.equal(status, 503);
  assert.match(JSON.stringify(ready), /redis/i);
  for (const path of ['/', '/streams', '/dead-letters', '/projects', '/status']) {
    assert.match(await page(server, path), /Redis/, path);
  }
  assert.equal((await server.call('POST', '/projects', { id: 'P', name: 'n', description: 'd', status: 's' }))[0], 201);
  await server.stop();
});

/** A Redis that speaks TLS and nothing else, with a certificate of an authority that nobody knows. */
async function encryptedRedis() {
  const folder = await mkdtemp(join(tmpdir(), 'dsm-tls-'));
  const openssl = (...words) => run('openssl', words, { cwd: folder, timeout: PATIENCE_MS });
  const key = ['-newkey', 'rsa:2048', '-nodes', '-days', '2'];
  await openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=an authority of our own');
  await openssl('req', ...key.slice(0, 3), '-keyout', 'redis.key', '-out', 'redis.csr', '-subj', '/CN=localhost');
  await writeFile(join(folder, 'names'), 'subjectAltName=DNS:localhost');
  const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names', '-days', '2'];
  await openssl('x509', '-req', '-in', 'redis.csr', '-out', 'redis.pem', ...signed);
  const port = await freePort();
  const files = ['--tls-cert-file', 'redis.pem', '--tls-key-file', 'redis.key', '--tls-ca-cert-file', 'ca.pem'];
  const child = spawn(
    'redis-server',
    ['--port', '0', '--tls-port', String(port), '--bind', '127.0.0.1', '--tls-auth-clients', 'no', '--save', '', ...files],
    { cwd: folder, stdio: 'ignore' },
  );
  const stop = async () => {
    child.kill();
    await rm(folder, { recursive: true, force: true });
  };
  return { url: `rediss://localhost:${port}`, authority: join(folder, 'ca.pem'), stop };
}

async function freePort() {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address();
  await new Promise((resolve) => listener.close(resolve));
  return port;
}

test('a Redis behind TLS is used when its authority is trusted, and not otherwise', async () => {
  const redis = await encryptedRedis();
  try {
    const trusting = await Server.start({ environment: { REDIS_URL: redis.url, SSL_CERT_FILE: redis.authority } });
    await until('it is ready', async () => (await trusting.call('GET', '/health/ready'))[0] === 200);
    await trusting.stop();
    const wary = await Server.start({ environment: { REDIS_URL: redis.url } });
    await until('it says why', async () => /certificate/i.test(await page(wary, '/status')));
    await wary.stop();
  } finally {
    await redis.stop();
  }
});
