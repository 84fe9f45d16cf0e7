// One worker thread of the encoder, as seen from the main thread: started when it is needed, also after a crash.
import type { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import { ChipwrightError } from '../../errors.js';
import type { TextKind } from './encoder.js';
import type { FromWorker, ToWorker, WorkerSettings } from './encoder-messages.js';
import { refuseTelemetry } from './no-telemetry.js';
import { openWorker } from './open-worker.js';

interface Pending {
  readonly kind: TextKind;
  readonly characters: number;
  resolve(vectors: Float32Array): void;
  reject(error: ChipwrightError): void;
}

function unavailable(message: string, cause?: unknown): ChipwrightError {
  return new ChipwrightError('encoder_unavailable', message, {
    cure: 'Try again. If it happens each time, run `chipwright models verify`.',
    retryable: true,
    cause,
  });
}

/** All methods reject with `encoder_unavailable` when the worker cannot do it. */
export class EncoderThread {
  readonly #settings: WorkerSettings;
  readonly #log: Logger;
  readonly #model: string;
  readonly #pending = new Map<number, Pending>();
  #worker: Promise<Worker> | null = null;
  #nextId = 0;
  #closed = false;

  constructor(model: string, settings: WorkerSettings, log: Logger) {
    this.#model = model;
    this.#settings = settings;
    this.#log = log;
  }

  /** Characters that wait here and go before a text of this kind that comes now. */
  waiting(kind: TextKind): number {
    let sum = 0;
    for (const pending of this.#pending.values())
      if ((pending.kind === 'passage') === (kind === 'passage')) sum += pending.characters;
    return sum;
  }

  /** The vectors, one after the other. */
  async encode(texts: readonly string[], kind: TextKind): Promise<Float32Array> {
    const worker = await this.start();
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      const characters = texts.reduce((sum, text) => sum + text.length, 0);
      this.#pending.set(id, { kind, characters, resolve, reject });
      worker.postMessage({ say: 'encode', id, kind, texts } satisfies ToWorker);
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const worker = await this.#worker?.catch(() => null);
    this.#rejectAll(unavailable('The encoder was closed.'));
    if (worker === null || worker === undefined) return;
    const exited = new Promise((resolve) => worker.once('exit', resolve));
    worker.postMessage({ say: 'close' } satisfies ToWorker);
    await exited;
  }

  /** The running worker; started when there is none, also after a crash. */
  start(): Promise<Worker> {
    if (this.#closed) return Promise.reject(unavailable('The encoder was closed.'));
    this.#worker ??= new Promise<Worker>((resolve, reject) => {
      const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
      refuseTelemetry();
      const worker = openWorker(new URL(`./encoder-worker.${extension}`, import.meta.url), this.#settings);
      let over = false;
      const gone = (cause: unknown) => {
        // A crash is told twice, as an error and as an exit; by the second time a new worker may be at work.
        if (over) return;
        over = true;
        const error = unavailable('The encoder stopped working.', cause);
        this.#worker = null;
        this.#rejectAll(error);
        reject(error);
      };
      worker.on('message', (message: FromWorker) => {
        if (message.say === 'ready') resolve(worker);
        else this.#settle(message);
      });
      worker.on('error', (error) => {
        this.#log.error({ model: this.#model, err: error }, 'encoder worker failed');
        gone(error);
      });
      worker.on('exit', () => gone(undefined));
    });
    return this.#worker;
  }

  #settle(message: Exclude<FromWorker, { say: 'ready' }>): void {
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.say === 'encoded') pending?.resolve(message.vectors);
    else {
      this.#log.error({ model: this.#model, err: message.error }, 'encoding failed');
      pending?.reject(unavailable('The encoder could not encode a text.', message.error));
    }
  }

  #rejectAll(error: ChipwrightError): void {
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
  }
}
