// Runs a reader of hostile formats in a thread of its own, with an end to its time and its memory.
import { Worker } from 'node:worker_threads';
import { ChipwrightError } from '../../src/errors.js';

export interface WorkerLimits {
  /** Wall-clock time after which the thread is ended. */
  readonly milliseconds: number;
  /** JavaScript heap of the thread. */
  readonly megabytes: number;
}

/** What a worker posts back: the result, or what a person should be told. */
export type WorkerAnswer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string; readonly cure: string };

/**
 * Posts `data` to the script at `script` and resolves with its one answer. Throws `document_unreadable` when it says why it
 * cannot read the document, takes too long, or needs too much memory. `script` may be TypeScript where tests run it.
 */
export function inWorker<T>(script: URL, data: Uint8Array, limits: WorkerLimits): Promise<T> {
  const worker = new Worker(script, {
    workerData: data,
    execArgv: script.pathname.endsWith('.ts') ? ['--import', typeScriptLoader()] : [],
    // The thread reads other people's bytes: it gets no secrets, and nowhere to print.
    env: {},
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: limits.megabytes, maxYoungGenerationSizeMb: 64 },
  });
  const answer = new Promise<T>((resolve, reject) => {
    const timer = setTimeout(
      () =>
        reject(
          unreadable(
            `The document took longer than ${Math.round(limits.milliseconds / 1000)} seconds to read.`,
            'Split it, or leave it out of the source.',
          ),
        ),
      limits.milliseconds,
    );
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      finish();
    };
    worker.once('message', (message: WorkerAnswer<T>) =>
      settle(() => (message.ok ? resolve(message.value) : reject(unreadable(message.message, message.cure)))),
    );
    worker.once('error', (error: Error) => settle(() => reject(failure(error))));
    worker.once('exit', () => settle(() => reject(failure(undefined))));
  });
  return answer.finally(() => worker.terminate());
}

/** `--import tsx` registers in the main thread only; in a worker it has to be asked to. */
function typeScriptLoader(): string {
  const tsx = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  return `data:text/javascript,import{register}from${tsx};register()`;
}

function failure(error: (Error & { readonly code?: string }) | undefined): ChipwrightError {
  const full = error?.code === 'ERR_WORKER_OUT_OF_MEMORY';
  return unreadable(
    full ? 'The document needs too much memory to read.' : 'The document is damaged: its reader failed.',
    full
      ? 'Split it, or leave it out of the source.'
      : 'Open and save it again, or leave it out of the source.',
    error,
  );
}

function unreadable(message: string, cure: string, cause?: unknown): ChipwrightError {
  return new ChipwrightError('document_unreadable', message, {
    cure,
    ...(cause === undefined ? {} : { cause }),
  });
}
