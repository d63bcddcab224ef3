// Further Redis for one test file: private servers, and the file that names them to the program.

import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { until } from './harness.mjs';

const run = promisify(execFile);

/** Servers by name, each on a socket of its own. */
export class Several {
  /** `tables` gives for each name what else its table says, and whether it is a user that may only watch. */
  static async start(tables) {
    const several = new Several();
    several.folder = await mkdtemp(join(tmpdir(), 'dsm-several-'));
    several.children = {};
    let file = '';
    for (const [name, { lines = [], user = '' }] of Object.entries(tables)) {
      await several.begin(name);
      file += `[connections.${name}]\nurl = "unix://${several.socket(name)}${user}"\n${lines.join('\n')}\n`;
    }
    several.file = join(several.folder, 'connections.toml');
    await writeFile(several.file, file);
    return several;
  }

  socket(name) {
    return join(this.folder, `${name}.sock`);
  }

  /** Starts a server, anew and empty if it was ended. */
  async begin(name) {
    const words = ['--port', '0', '--save', '', '--appendonly', 'no', '--unixsocket', this.socket(name), '--dir', this.folder];
    this.children[name] = spawn('redis-server', words, { stdio: 'ignore' });
    await until(`${name} answers`, async () => (await this.redis(name, 'PING')) === 'PONG');
  }

  /** A command to one of them. */
  async redis(name, ...words) {
    const { stdout } = await run('redis-cli', ['-s', this.socket(name), ...words], { timeout: 10_000 });
    return stdout.trimEnd();
  }

  /** Ends one of them. */
  async end(name) {
    const child = this.children[name];
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }

  async stop() {
    for (const child of Object.values(this.children)) child.kill('SIGKILL');
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A stream with so many entries, of which a group has been given the first two. */
export async function furnishRedis(several, name, stream, entries) {
  for (let n = 0; n < entries; n += 1) await several.redis(name, 'XADD', stream, '*', 'order', `${name} ${n}`);
  await several.redis(name, 'XGROUP', 'CREATE', stream, 'mailer', '0');
  await several.redis(name, 'XREADGROUP', 'GROUP', 'mailer', 'c', 'COUNT', '2', 'STREAMS', stream, '>');
}
