// A Qdrant for tests: the server that QDRANT_URL names, or a local one of the same engine, or none; and a scripted one that misbehaves.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const ROOT = resolve(import.meta.dirname, '../..');
const ENGINE = resolve(ROOT, '../shared/tools/qdrant-local');
const CACHE = join(ROOT, 'node_modules/.cache');

/** Milliseconds for the local engine to say that it listens. */
const START_TIMEOUT = 60_000;
const TIDYING_TIMEOUT = 3_600_000;

export interface TestQdrant {
  readonly url: string;
  readonly apiKey?: string;
  stop(): Promise<void>;
}

/** Undefined where there is neither a server nor what the local one needs (its program, Python 3.11, its package). */
export async function findQdrant(): Promise<TestQdrant | undefined> {
  const { QDRANT_URL: url, QDRANT_API_KEY: apiKey } = process.env;
  if (url !== undefined && url !== '') {
    return { url, ...(apiKey === undefined ? {} : { apiKey }), stop: async () => {} };
  }
  if (!existsSync(join(ENGINE, 'qdrant_local.py'))) return undefined;
  const python = await preparePython().catch(() => undefined);
  return python === undefined ? undefined : startLocal(python);
}

/** A Python with the engine, made once and kept beside the other caches. */
async function preparePython(): Promise<string> {
  const home = join(CACHE, 'qdrant-local');
  const python = join(home, 'bin/python');
  if (existsSync(python)) return python;
  const run = promisify(execFile);
  await mkdir(CACHE, { recursive: true });
  // Made aside and moved into place when whole: an interrupted install must not look like a good one.
  const draft = await mkdtemp(join(CACHE, 'qdrant-local-'));
  try {
    await run('python3', ['-m', 'venv', draft]);
    const requirements = join(ENGINE, 'requirements.txt');
    await run(join(draft, 'bin/python'), ['-m', 'pip', 'install', '-q', '-r', requirements]);
    await rename(draft, home);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (!existsSync(python)) throw error;
  }
  return python;
}

async function startLocal(python: string): Promise<TestQdrant> {
  const data = await mkdtemp(join(tmpdir(), 'chipwright-qdrant-'));
  const child = spawnLocal(python, '0', data);
  const stop = async () => {
    await ended(child, 'SIGTERM');
    await rm(data, { recursive: true, force: true });
  };
  try {
    return { url: await addressOf(child), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A local engine that can be killed and started again, with the same address and data. */
export interface MortalQdrant extends TestQdrant {
  /** Where it keeps its data. */
  readonly folder: string;
  /** Of its process; undefined while it is dead. */
  pid(): number | undefined;
  kill(): Promise<void>;
  /** `tidied`: with the graphs and quantised vectors that a server builds by itself; building them takes minutes and cores. */
  startAgain(tidied?: 'tidied'): Promise<void>;
}

/** Undefined where there is no local engine, whatever QDRANT_URL names. */
export async function startMortalQdrant(): Promise<MortalQdrant | undefined> {
  if (!existsSync(join(ENGINE, 'qdrant_local.py'))) return undefined;
  const python = await preparePython().catch(() => undefined);
  if (python === undefined) return undefined;
  const data = await mkdtemp(join(tmpdir(), 'chipwright-qdrant-'));
  let child = spawnLocal(python, '0', data);
  const url = await addressOf(child);
  return {
    url,
    folder: data,
    pid: () => (child.exitCode === null && child.signalCode === null ? child.pid : undefined),
    kill: () => ended(child, 'SIGKILL'),
    async startAgain(tidied) {
      child = spawnLocal(
        python,
        new URL(url).port,
        data,
        tidied === undefined ? [] : ['--optimize-on-start'],
      );
      await addressOf(child, tidied === undefined ? START_TIMEOUT : TIDYING_TIMEOUT);
    },
    async stop() {
      await ended(child, 'SIGTERM');
      await rm(data, { recursive: true, force: true });
    },
  };
}

function spawnLocal(
  python: string,
  port: string,
  data: string,
  options: readonly string[] = [],
): ChildProcess {
  const program = join(ENGINE, 'qdrant_local.py');
  return spawn(python, [program, '--port', port, '--data', data, ...options], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

async function addressOf(child: ChildProcess, timeout = START_TIMEOUT): Promise<string> {
  return new Promise((done, fail) => {
    const late = setTimeout(() => fail(new Error('the local Qdrant did not start')), timeout);
    let said = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const url = /listening on (http:\S+)/.exec(said)?.[1];
      if (url === undefined) return;
      clearTimeout(late);
      done(url);
    });
    child.once('exit', () => {
      clearTimeout(late);
      fail(new Error('the local Qdrant ended at its start'));
    });
    child.once('error', fail);
  });
}

async function ended(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise<void>((done) => child.once('exit', () => done()));
  child.kill(signal);
  const kill = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await exit;
  clearTimeout(kill);
}

/** What a scripted server does with a request. */
export type QdrantBehaviour =
  | {
      readonly as: 'status';
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    }
  /** Destroys the socket instead of answering. */
  | { readonly as: 'reset' }
  /** Begins an answer and destroys the socket. */
  | { readonly as: 'cut' }
  /** Never answers. */
  | { readonly as: 'hang' };

export interface ScriptedQdrant {
  readonly url: string;
  /** Method, path, key and body of every request, in order. */
  readonly requests: readonly {
    readonly method: string;
    readonly path: string;
    readonly apiKey: string | undefined;
    readonly body: string;
  }[];
  /** What to do from now on; a list is worked off one per request, and its last stays. */
  behave(...behaviours: readonly QdrantBehaviour[]): void;
  stop(): Promise<void>;
}

/** 200 with `result` in Qdrant's envelope. */
export function answer(result: unknown): QdrantBehaviour {
  return {
    as: 'status',
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ result, status: 'ok', time: 0.001 }),
  };
}

export async function startScriptedQdrant(): Promise<ScriptedQdrant> {
  const requests: { method: string; path: string; apiKey: string | undefined; body: string }[] = [];
  let script: QdrantBehaviour[] = [{ as: 'hang' }];
  const server = createServer(async (request, response) => {
    const key = request.headers['api-key'];
    requests.push({
      method: request.method ?? '',
      path: request.url ?? '',
      apiKey: typeof key === 'string' ? key : undefined,
      body: await bodyOf(request),
    });
    const behaviour = script.length > 1 ? script.shift() : script[0];
    if (behaviour !== undefined) perform(behaviour, response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    behave(...behaviours) {
      script = [...behaviours];
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

function perform(behaviour: QdrantBehaviour, response: ServerResponse): void {
  switch (behaviour.as) {
    case 'status':
      response.writeHead(behaviour.status, behaviour.headers).end(behaviour.body);
      return;
    case 'reset':
      response.destroy();
      return;
    case 'cut':
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"result":', () => response.destroy());
      return;
    case 'hang':
      return;
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const piece of request.setEncoding('utf8')) body += piece;
  return body;
}
