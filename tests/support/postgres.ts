// A PostgreSQL server to throw away: on a free port of the loopback, in a folder of its own.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';

const run = promisify(execFile);

export interface PostgresServer {
  /** The address of a database that nobody has used yet. */
  freshDatabase(): Promise<string>;
  /** Stops answering, as a server that is down; `start` brings it back with all it held. */
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Where `initdb` and `postgres` are: on the PATH, or where Debian puts them. Undefined on a machine without PostgreSQL. */
const binaries = findBinaries();

export const hasPostgres = binaries !== undefined;

export async function startPostgres(): Promise<PostgresServer> {
  if (binaries === undefined) throw new Error('There is no PostgreSQL on this machine.');
  const folder = mkdtempSync(join(tmpdir(), 'chipwright-postgres-'));
  const data = join(folder, 'data');
  const asServer = await unprivileged(folder);
  const port = await freePort();
  await run(...asServer(join(binaries, 'initdb'), ['-D', data, '-U', 'chipwright', '-A', 'trust', '-N']));
  let server: ChildProcess | undefined;
  let databases = 0;

  const addressOf = (database: string) => `postgresql://chipwright@127.0.0.1:${port}/${database}`;
  const ask = async (statement: string) => {
    const client = new pg.Client({ connectionString: addressOf('postgres') });
    await client.connect();
    await client.query(statement).finally(() => client.end());
  };
  const start = async () => {
    const settings = { listen_addresses: '127.0.0.1', port, unix_socket_directories: folder, fsync: 'off' };
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const [command, options] = asServer(join(binaries, 'postgres'), ['-D', data, ...args]);
    const child = spawn(command, options, { stdio: ['ignore', 'ignore', 'pipe'] });
    server = child;
    await new Promise<void>((resolve, reject) => {
      let said = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (said.includes('ready to accept connections')) resolve();
      });
      child.once('close', () => reject(new Error(`PostgreSQL did not start: ${said}`)));
    });
  };
  const stop = async () => {
    const child = server;
    server = undefined;
    if (child === undefined) return;
    const gone = new Promise((resolve) => child.once('close', resolve));
    // An immediate shutdown: clients see their connections break.
    child.kill('SIGQUIT');
    await gone;
  };
  const close = async () => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  };
  await start();
  return {
    async freshDatabase() {
      databases += 1;
      await ask(`CREATE DATABASE test${databases}`);
      return addressOf(`test${databases}`);
    },
    start,
    stop,
    close,
  };
}

/** PostgreSQL refuses to run as root: root lends it another user, and that user the folder. */
async function unprivileged(
  folder: string,
): Promise<(program: string, args: readonly string[]) => [string, string[]]> {
  if (process.getuid?.() !== 0) return (program, args) => [program, [...args]];
  const idOf = async (option: string, name: string) => Number((await run('id', [option, name])).stdout);
  const user = await idOf('-u', 'postgres').then(
    () => 'postgres',
    () => 'nobody',
  );
  const [uid, gid] = [await idOf('-u', user), await idOf('-g', user)];
  chownSync(folder, uid, gid);
  return (program, args) => [
    'setpriv',
    [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', program, ...args],
  ];
}

function findBinaries(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    ...versions.map((version) => join(debian, version, 'bin')),
  ];
  return folders.find((each) => existsSync(join(each, 'initdb')) && existsSync(join(each, 'postgres')));
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
