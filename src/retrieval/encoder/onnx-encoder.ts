// The encoder that runs a model folder on this machine's CPU, in a worker thread of its own.
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import { ChipwrightError } from '../../errors.js';
import type { Encoder } from './encoder.js';
import type { FromWorker, ToWorker, WorkerSettings } from './encoder-messages.js';
import { modelProblems, readManifest } from './model-folder.js';
import { encoderId, MODEL_FILES, onnxPath } from './model-manifest.js';
import { refuseTelemetry } from './no-telemetry.js';
import { openWorker } from './open-worker.js';

/** Texts handed to the worker at once: many enough to find some of like length, few enough to tokenise in a moment. */
const TEXTS_PER_JOB = 256;

export interface OnnxEncoderOptions {
  /** Threads inside one run of the model; all cores when absent. */
  readonly threads?: number;
  readonly log: Logger;
}

function unavailable(message: string, cause?: unknown): ChipwrightError {
  return new ChipwrightError('encoder_unavailable', message, {
    cure: 'Try again. If it happens each time, run `chipwright models verify`.',
    retryable: true,
    cause,
  });
}

interface Pending {
  resolve(vectors: Float32Array): void;
  reject(error: ChipwrightError): void;
}

/** Made by `openEncoder`. */
export class OnnxEncoder implements Encoder {
  readonly id: string;
  readonly name: string;
  readonly dimensions: number;
  readonly #settings: WorkerSettings;
  readonly #log: Logger;
  readonly #pending = new Map<number, Pending>();
  #worker: Promise<Worker> | null = null;
  #nextId = 0;
  #closed = false;

  constructor(identity: { id: string; name: string }, settings: WorkerSettings, log: Logger) {
    this.id = identity.id;
    this.name = identity.name;
    this.dimensions = settings.dimensions;
    this.#settings = settings;
    this.#log = log;
  }

  async encode(texts: readonly string[], kind: 'query' | 'passage'): Promise<Float32Array[]> {
    const jobs: Promise<Float32Array>[] = [];
    const worker = await this.start();
    for (let at = 0; at < texts.length; at += TEXTS_PER_JOB)
      jobs.push(this.#request(worker, texts.slice(at, at + TEXTS_PER_JOB), kind));
    const blocks = await Promise.all(jobs);
    return texts.map((_, at) => {
      const from = (at % TEXTS_PER_JOB) * this.dimensions;
      // Copied, so that keeping one vector does not keep the whole block.
      return (blocks[Math.floor(at / TEXTS_PER_JOB)] ?? new Float32Array()).slice(
        from,
        from + this.dimensions,
      );
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

  /** The running worker; started when there is none, also after a crash. Rejects with `encoder_unavailable`. */
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
        this.#log.error({ model: this.name, err: error }, 'encoder worker failed');
        gone(error);
      });
      worker.on('exit', () => gone(undefined));
    });
    return this.#worker;
  }

  #request(worker: Worker, texts: readonly string[], kind: 'query' | 'passage'): Promise<Float32Array> {
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      this.#pending.set(id, { resolve, reject });
      worker.postMessage({ say: 'encode', id, kind, texts } satisfies ToWorker);
    });
  }

  #settle(message: Exclude<FromWorker, { say: 'ready' }>): void {
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.say === 'encoded') pending?.resolve(message.vectors);
    else {
      this.#log.error({ model: this.name, err: message.error }, 'encoding failed');
      pending?.reject(unavailable('The encoder could not encode a text.', message.error));
    }
  }

  #rejectAll(error: ChipwrightError): void {
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
  }
}

/**
 * Opens the model in `modelFolder` and waits until it can encode. Rejects with `model_missing` when there is none,
 * `model_corrupt` when it is not whole, `encoder_unavailable` when the runtime cannot load it.
 */
export async function openEncoder(modelFolder: string, options: OnnxEncoderOptions): Promise<OnnxEncoder> {
  const manifest = await readManifest(modelFolder);
  const [problem] = await modelProblems(modelFolder, manifest, false);
  if (problem !== undefined)
    throw new ChipwrightError('model_corrupt', `The model ${manifest.name} is not whole: ${problem}`, {
      cure: `Run \`chipwright models pull ${manifest.base ?? manifest.name}\`.`,
    });
  const { pooling, queryPrefix, passagePrefix, maxTokens, dimensions, name } = manifest;
  const settings: WorkerSettings = {
    tokenizer: join(modelFolder, MODEL_FILES.tokenizer),
    model: join(modelFolder, onnxPath(manifest)),
    dimensions,
    traits: { pooling, queryPrefix, passagePrefix, maxTokens },
    threads: options.threads ?? 0,
  };
  const encoder = new OnnxEncoder({ id: encoderId(manifest), name }, settings, options.log);
  await encoder.start();
  return encoder;
}
