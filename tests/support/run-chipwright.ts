// The compiled program as people run it: a process of its own, with a folder and an environment of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.js';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const PROGRAM = join(ROOT, 'dist', 'src', 'cli', 'chipwright.js');

export interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Invocation {
  /** Variables on top of the few that the program is always given; undefined takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Text for standard input, which then ends; without it, standard input is empty. `open` keeps it open. */
  readonly input?: string | 'open';
}

/** A process that runs. */
export interface Running {
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  /** Resolves with the match once standard output has it; rejects when the process ends first. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  kill(signal: NodeJS.Signals): void;
  /** Stops reading standard output, as `| head` does. */
  hangUp(): void;
  /** Resolves when the process is gone and its output is whole. */
  readonly ended: Promise<Ended>;
}

/** A place to run the program in. `close` ends what still runs and removes everything. */
export interface Bench {
  /** The working directory of the program. */
  readonly folder: string;
  /** CHIPWRIGHT_DATA. */
  readonly data: string;
  /** Writes files below the folder, making folders on the way. */
  write(files: Readonly<Record<string, string | Uint8Array>>): Promise<void>;
  /** Starts the program. */
  start(args: readonly string[], invocation?: Invocation): Running;
  /** Runs the program to its end. */
  run(args: readonly string[], invocation?: Invocation): Promise<Ended>;
  close(): Promise<void>;
}

/** Throws when there is no compiled program, or when it is not that of the sources. */
export async function openBench(): Promise<Bench> {
  requireFreshBuild();
  const home = await mkdtemp(join(tmpdir(), 'chipwright-test-'));
  const [folder, data, bin] = [join(home, 'work'), join(home, 'data'), join(home, 'bin')];
  await Promise.all([folder, data, bin].map((each) => mkdir(each)));
  // Git alone: without pip and Maven no model is looked for in package registries.
  const git = locate('git');
  if (git !== undefined) await symlink(git, join(bin, 'git'));
  const processes = new Set<ChildProcess>();
  const killAll = () => {
    for (const process of processes) process.kill('SIGKILL');
  };
  process.once('exit', killAll);

  const start: Bench['start'] = (args, { env = {}, input } = {}) => {
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      cwd: folder,
      // A port of loopback that nobody listens on stands for the model hub.
      env: {
        PATH: bin,
        HOME: home,
        CHIPWRIGHT_DATA: data,
        HF_ENDPOINT: 'http://127.0.0.1:1',
        PORT: '0',
        ...env,
      },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    processes.add(child);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.stdin.on('error', () => {}); // It ended without reading.
    if (input !== 'open') child.stdin.end(input ?? '');
    let over: Ended | undefined;
    const ended = new Promise<Ended>((resolve) => {
      child.once('close', (code) => {
        processes.delete(child);
        over = { code, stdout, stderr };
        resolve(over);
      });
    });
    return {
      pid: child.pid ?? 0,
      stdout: () => stdout,
      stderr: () => stderr,
      kill: (signal) => void child.kill(signal),
      hangUp: () => void child.stdout.destroy(),
      ended,
      says: (pattern) =>
        eventually(() => {
          const match = new RegExp(pattern).exec(stdout);
          if (match === null && over !== undefined) {
            throw new Error(`it ended (${over.code}) without saying ${pattern}: ${stdout}\n${stderr}`);
          }
          return match;
        }, `standard output that matches ${pattern}`),
    };
  };
  return {
    folder,
    data,
    async write(files) {
      for (const [path, content] of Object.entries(files)) {
        await mkdir(dirname(join(folder, path)), { recursive: true });
        await writeFile(join(folder, path), content);
      }
    },
    start,
    run: (args, invocation) => start(args, invocation).ended,
    async close() {
      const gone = [...processes].map((child) => new Promise((resolve) => child.once('close', resolve)));
      killAll();
      await Promise.all(gone);
      process.off('exit', killAll);
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

let fresh = false;

/** Looked at once per test file: what is edited while the tests run is for their next run. */
function requireFreshBuild(): void {
  if (fresh) return;
  if (!existsSync(PROGRAM)) throw new Error('There is no compiled program: run `npm run build` first.');
  const built = statSync(PROGRAM).mtimeMs;
  for (const room of ['src', 'adapters', 'ingest']) {
    for (const entry of readdirSync(join(ROOT, room), { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile() && entry.name.endsWith('.ts') && statSync(path).mtimeMs > built) {
        throw new Error(`The compiled program is older than ${path}: run \`npm run build\` first.`);
      }
    }
  }
  fresh = true;
}

function locate(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}
