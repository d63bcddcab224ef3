// A running server and a browser for one test file. Real parts only: the built program with its own private Redis and its own
// databases in a folder of its own, and Chromium.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { chromium } from 'playwright-core';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);

/** Milliseconds that a program may take to start, and an orderly one to end. */
const START_MS = 30_000;
const STOP_MS = 20_000;
/** Milliseconds after which a condition is not going to come true any more. */
export const PATIENCE_MS = 30_000;

/** The first that is there: what the environment names, else what `cargo xtask build` makes. */
function firstOf(name, ...candidates) {
  const found = [process.env[name], ...candidates].find((path) => path && existsSync(path));
  if (!found) throw new Error(`none of ${candidates.join(', ')} exists; build first, or set ${name}`);
  return found;
}

/** The program, serving on a free port with everything embedded. */
export class Server {
  static async start({ environment = {}, words = [] } = {}) {
    const server = new Server();
    server.data = await mkdtemp(join(tmpdir(), 'dsm-e2e-'));
    server.environment = environment;
    server.words = words;
    await server.#spawn();
    return server;
  }

  /** The program with these words, with everything embedded unless the environment says otherwise. */
  static program(words, { environment = {}, folder = tmpdir() } = {}) {
    const program = firstOf('DSM_PROGRAM', join(root, 'target/debug/dsm-console'));
    const variables = { ...process.env, REDIS_URL: '', DATABASE_URL: '', ...environment };
    // empty is not unset for every program
    for (const name of Object.keys(variables)) if (variables[name] === '') delete variables[name];
    return spawn(program, words, { cwd: folder, env: variables, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  async #spawn() {
    const site = firstOf('DSM_SITE', join(root, 'target/site'));
    this.log = '';
    this.child = Server.program(
      ['serve', '--listen', '127.0.0.1:0', '--data', this.data, '--site', site, ...this.words],
      { environment: this.environment, folder: this.data },
    );
    this.ended = new Promise((resolve) => this.child.once('exit', (code, signal) => resolve({ code, signal })));
    this.child.stderr.on('data', (data) => (this.log += data));
    this.url = await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the server did not start:\n${this.log}`)), START_MS);
      this.child.stdout.on('data', (data) => {
        this.log += data;
        const listening = /listening on (http:\/\/\S+)/.exec(this.log);
        if (listening) {
          clearTimeout(timer);
          resolve(listening[1].replace(/\/$/, ''));
        }
      });
      this.ended.then((how) => reject(new Error(`the server ended (${JSON.stringify(how)}):\n${this.log}`)));
    });
  }

  /** Ends it as a service manager does. It must end by itself, and well. */
  async stop() {
    try {
      await this.#end();
    } finally {
      await rm(this.data, { recursive: true, force: true });
    }
  }

  /** Ends it, and starts it on the same data. */
  async again() {
    await this.#end();
    await this.#spawn();
  }

  async #end() {
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS);
    const how = await this.ended;
    clearTimeout(timer);
    assert.deepEqual(how, { code: 0, signal: null }, `the server did not end in order:\n${this.log.slice(-4000)}`);
  }

  /** A call of the HTTP API, as a script makes it: `[status, body]`. */
  async call(method, path, body) {
    const answer = await fetch(this.url + path, {
      method,
      headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const text = await answer.text();
    return [answer.status, text === '' ? null : JSON.parse(text)];
  }

  /** The body of a call that must succeed. */
  async ok(method, path, body) {
    const [status, answer] = await this.call(method, path, body);
    assert.ok(status >= 200 && status < 300, `${method} ${path}: ${status} ${JSON.stringify(answer)}`);
    return answer;
  }

  /** A command to its private Redis. */
  async redis(...words) {
    const { stdout } = await run('redis-cli', ['-s', join(this.data, 'redis.sock'), ...words], { timeout: START_MS });
    return stdout.trimEnd();
  }
}

/** Asks until the answer is truthy; the last answer or error is told when it never is. */
export async function until(what, ask, { patience = PATIENCE_MS, every = 100 } = {}) {
  const started = Date.now();
  let last;
  while (Date.now() - started < patience) {
    try {
      last = await ask();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, every));
  }
  throw new Error(`waited ${patience} ms until ${what}; last: ${last instanceof Error ? last.message : JSON.stringify(last)}`);
}

/** Chromium, and pages that remember everything that went wrong on them. */
export class Browser {
  static async start() {
    const browser = new Browser();
    browser.chromium = await chromium.launch({
      executablePath: firstOf(
        'CHROMIUM',
        '/usr/bin/chromium',
        '/usr/bin/chromium-browser',
        '/usr/bin/google-chrome',
        '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
      ),
      headless: true,
      args: [
        '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
        '--disable-background-networking', '--disable-component-update', '--disable-sync',
      ],
    });
    return browser;
  }

  /** A page in a browser profile of its own. `page.faults` lists what a developer's console would show in red. */
  async page(server, options = {}) {
    const context = await this.chromium.newContext({
      baseURL: server.url,
      viewport: { width: 1440, height: 900 },
      reducedMotion: 'reduce',
      ...options,
    });
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    page.faults = [];
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) page.faults.push(`${message.type()}: ${message.text()}`);
    });
    page.on('pageerror', (error) => {
      // a page that is left while its browser half is on the way; nobody sees it any more
      if (/loading was aborted/.test(error.message)) return;
      page.faults.push(`exception: ${error.message}`);
    });
    page.on('response', (response) => {
      if (response.status() >= 400) page.faults.push(`${response.status()}: ${response.url()}`);
    });
    return page;
  }

  async stop() {
    await this.chromium.close();
  }
}

/** Resolves once the islands of a page are alive: before that, a click is a plain form or link. */
export async function alive(page) {
  await page.locator('html[data-alive]').waitFor({ state: 'attached' });
}

/** Everything that was said has been delivered and handled: outbox empty, nothing pending, nothing unread. */
export async function settled(server) {
  await until('the outbox is empty, nothing is pending and nothing is unread', async () => {
    const outbox = await server.ok('GET', '/api/console/outbox');
    const { groups } = await server.ok('GET', '/api/console/streams').then((streams) => ({
      groups: streams.flatMap((stream) => stream.groups),
    }));
    return (
      outbox.every((service) => service.unsent === 0) &&
      groups.every((group) => group.pending === 0 && group.lag.exact === 0)
    );
  });
}
