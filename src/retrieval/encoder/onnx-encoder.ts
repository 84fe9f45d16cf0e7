// The encoder that runs a model folder on this machine's CPU, in two worker threads that share the texts.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import { ChipwrightError } from '../../errors.js';
import type { Encoder, TextKind } from './encoder.js';
import { EncoderThread } from './encoder-thread.js';
import { modelProblems, readManifest } from './model-folder.js';
import { encoderId, MODEL_FILES, onnxPath, quickOnnxPath } from './model-manifest.js';

/** Texts handed to a worker at once: many enough to find some of like length, few enough to tokenise in a moment. */
const TEXTS_PER_JOB = 256;

/**
 * Two texts on a core each are done sooner than two after another on both, because one run of a small model keeps two cores busy only two
 * thirds of the time. Every worker holds the model; a third one would add more memory than speed.
 */
const MOST_WORKERS = 2;

/** What a text costs beside its own length, in characters: prefix, special tokens, and the run. */
const TEXT_COST = 60;

export interface OnnxEncoderOptions {
  /** Threads that encode, in all; as many as there are cores when absent. */
  readonly threads?: number;
  readonly log: Logger;
}

/** Made by `openEncoder`. */
export class OnnxEncoder implements Encoder {
  readonly id: string;
  readonly name: string;
  readonly dimensions: number;
  readonly #workers: readonly EncoderThread[];

  constructor(identity: { id: string; name: string; dimensions: number }, workers: readonly EncoderThread[]) {
    this.id = identity.id;
    this.name = identity.name;
    this.dimensions = identity.dimensions;
    this.#workers = workers;
  }

  async encode(texts: readonly string[], kind: TextKind): Promise<Float32Array[]> {
    const vectors = new Array<Float32Array>(texts.length);
    await this.start();
    const jobs: Promise<void>[] = [];
    this.#shares(texts, kind).forEach((share, number) => {
      for (let from = 0; from < share.length; from += TEXTS_PER_JOB) {
        const places = share.slice(from, from + TEXTS_PER_JOB);
        jobs.push(this.#encodeSome(this.#workers[number] as EncoderThread, places, texts, kind, vectors));
      }
    });
    await Promise.all(jobs);
    return vectors;
  }

  /** All workers; those that crashed are started again. Rejects with `encoder_unavailable`. */
  start(): Promise<Worker[]> {
    return Promise.all(this.#workers.map((worker) => worker.start()));
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.close()));
  }

  /** For each worker the places of its texts: the longest text first to who has least to do. */
  #shares(texts: readonly string[], kind: TextKind): number[][] {
    const shares = this.#workers.map((worker) => ({
      places: [] as number[],
      work: worker.waiting(kind),
    }));
    const longestFirst = texts
      .map((_, place) => place)
      .sort((a, b) => lengthOf(texts, b) - lengthOf(texts, a));
    for (const place of longestFirst) {
      const share = shares.reduce((least, one) => (one.work < least.work ? one : least));
      share.places.push(place);
      share.work += lengthOf(texts, place) + TEXT_COST;
    }
    return shares.map(({ places }) => places);
  }

  async #encodeSome(
    worker: EncoderThread,
    places: readonly number[],
    texts: readonly string[],
    kind: TextKind,
    vectors: Float32Array[],
  ): Promise<void> {
    const { dimensions } = this;
    const block = await worker.encode(
      places.map((place) => texts[place] ?? ''),
      kind,
    );
    places.forEach((place, at) => {
      // Copied, so that keeping one vector does not keep the whole block.
      vectors[place] = block.slice(at * dimensions, (at + 1) * dimensions);
    });
  }
}

function lengthOf(texts: readonly string[], place: number): number {
  return texts[place]?.length ?? 0;
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
  const threads = options.threads ?? availableParallelism();
  const workers = Math.min(threads, MOST_WORKERS);
  const settings = {
    tokenizer: join(modelFolder, MODEL_FILES.tokenizer),
    exactGraph: join(modelFolder, onnxPath(manifest)),
    quickGraph: join(modelFolder, quickOnnxPath(manifest)),
    dimensions,
    traits: { pooling, queryPrefix, passagePrefix, maxTokens },
    threads: Math.max(1, Math.floor(threads / workers)),
  };
  const encoder = new OnnxEncoder(
    { id: encoderId(manifest), name, dimensions },
    Array.from({ length: workers }, () => new EncoderThread(name, settings, options.log)),
  );
  try {
    await encoder.start();
  } catch (error) {
    await encoder.close();
    throw error;
  }
  return encoder;
}
