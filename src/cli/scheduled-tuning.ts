// Tuning by itself: a service looks now and then whether a run is due, and has it done by a process of its own.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../main.js';
import { type LastRun, readLastRun } from '../training/last-run.js';
import { RETRY_MS, type RetuningSchedule, whyDue } from '../training/retuning.js';
import type { Session } from './session.js';
import type { Shell } from './shell.js';

/** Between two looks, and before the first, ms: a service that restarts again and again begins nothing. */
const LOOK_MS = 10 * 60 * 1_000;

/** Runs `chipwright tune`; resolves to its exit code, null when a signal ended it. `signal` stops it. */
export type TuneProcess = (signal: AbortSignal) => Promise<number | null>;

export interface ScheduledTuningParts {
  readonly schedule: RetuningSchedule;
  /** Folder of all tuning runs. */
  readonly folder: string;
  /** When the model in use was made, for an installation that was tuned before runs were recorded; null for a base model. */
  readonly lastTuned: () => Promise<string | null>;
  /** Documents in the index. */
  readonly documents: () => Promise<number>;
  readonly tune: TuneProcess;
  readonly stopping: AbortSignal;
  readonly tools: Pick<Session['tools'], 'now' | 'log'>;
}

export class ScheduledTuning {
  readonly #parts: ScheduledTuningParts;
  #nextLook: number;
  #running: Promise<void> | undefined;

  constructor(parts: ScheduledTuningParts) {
    this.#parts = parts;
    this.#nextLook = parts.tools.now() + LOOK_MS;
  }

  /** Begins with a run in the background when one is due. Never throws. */
  keep(): void {
    const { tools, stopping } = this.#parts;
    if (this.#running !== undefined || stopping.aborted || tools.now() < this.#nextLook) return;
    this.#nextLook = tools.now() + LOOK_MS;
    this.#running = this.#look()
      .catch((error: unknown) => {
        tools.log.error({ err: error }, 'scheduled tuning failed');
        this.#nextLook = tools.now() + RETRY_MS;
      })
      .finally(() => {
        this.#running = undefined;
      });
  }

  /** Resolves when no run of this process is under way any more. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #look(): Promise<void> {
    const { schedule, folder, tune, stopping, tools } = this.#parts;
    const due = whyDue(schedule, await this.#last(), await this.#parts.documents(), tools.now());
    if (due === undefined || stopping.aborted) return;
    tools.log.info({ due }, 'scheduled tuning begins');
    const began = tools.now();
    const code = await tune(stopping);
    const last = await readLastRun(folder);
    if (last?.ended != null && Date.parse(last.ended.date) >= began) {
      const { outcome, reason } = last.ended;
      tools.log.info({ outcome, reason }, 'scheduled tuning is done');
      return;
    }
    if (stopping.aborted) return;
    // Another run may be at work, or this one failed: its own record tells when it is taken up again, and this one when there is none.
    tools.log.warn({ code }, 'scheduled tuning did not come to its end; it is taken up again later');
    this.#nextLook = tools.now() + RETRY_MS;
  }

  async #last(): Promise<LastRun | null> {
    const last = await readLastRun(this.#parts.folder);
    if (last !== null) return last;
    const date = await this.#parts.lastTuned();
    return date === null
      ? null
      : { format: 1, started: date, ended: { date, outcome: 'published', reason: '' }, documents: 0 };
  }
}

/** `chipwright tune` of this program, with the same folder and variables. It lowers its own priority. */
export function tuneProcess({ folder, env }: Pick<Shell, 'folder' | 'env'>): TuneProcess {
  const program = join(packageRoot(), 'dist', 'src', 'cli', 'chipwright.js');
  return (signal) =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [program, 'tune'], {
        ...{ cwd: folder, env: { ...env }, stdio: 'ignore' },
        windowsHide: true,
      });
      const stop = () => void child.kill('SIGTERM');
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
      child.once('error', reject);
      child.once('exit', (code) => {
        signal.removeEventListener('abort', stop);
        resolve(code);
      });
    });
}
