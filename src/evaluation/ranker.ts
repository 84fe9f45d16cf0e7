// Ranks an evaluation set by one configuration after another; what they share is done once.
import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ChipwrightError } from '../errors.js';
import type { Encoder } from '../retrieval/encoder/encoder.js';
import { rememberQuestions } from '../retrieval/encoder/question-cache.js';
import { HybridRetriever } from '../retrieval/hybrid-retriever.js';
import type { Index } from '../retrieval/index-port.js';
import { openSqliteIndex } from '../retrieval/sqlite-index.js';
import { type Configuration, describeConfiguration, needsEncoder } from './configuration.js';
import { indexCorpus, rank } from './corpus-index.js';
import type { EvaluationSet } from './data-set.js';
import type { Rankings } from './retrieval-evaluation.js';

export interface RankerParts {
  readonly set: EvaluationSet;
  /** Keeps the encoded corpora, so that the same corpus is encoded once per encoder. Made when it is not there. */
  readonly folder: string;
  /** Opens the model of this name; the ranker closes it. */
  readonly openEncoder: (model: string) => Promise<Encoder>;
  readonly now: () => number;
  /** Stops between two batches or two questions; what was encoded stays. */
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: {
    readonly label: string;
    readonly done: number;
    readonly total: number;
  }) => void;
}

/** Questions and clauses whose vectors are kept from one configuration to the next: every one asks the same. */
const MOST_TEXTS = 50_000;

interface Searchable {
  readonly index: Index;
  readonly encoder: Encoder | null;
}

export class Ranker {
  readonly #parts: RankerParts;
  readonly #opened = new Map<string | null, Promise<Searchable>>();
  readonly #rankings = new Map<string, Promise<Rankings>>();

  constructor(parts: RankerParts) {
    this.#parts = parts;
  }

  /** Every ranking of the set's questions, in order; for a configuration that was asked before, the same again. */
  rank(configuration: Configuration): Promise<Rankings> {
    const key = describeConfiguration(configuration);
    const known = this.#rankings.get(key) ?? this.#rank(configuration);
    this.#rankings.set(key, known);
    return known;
  }

  async close(): Promise<void> {
    for (const opening of await Promise.allSettled(this.#opened.values())) {
      if (opening.status === 'rejected') continue;
      await opening.value.encoder?.close();
      await opening.value.index.close();
    }
  }

  async #rank(configuration: Configuration): Promise<Rankings> {
    const { set, now, signal, onProgress } = this.#parts;
    const { mode, without } = configuration;
    const { index, encoder } = await this.#searchable(configuration);
    const retriever = new HybridRetriever({ index, encoder, now, without });
    const label = `questions, ${describeConfiguration(configuration)}`;
    return rank(set, retriever, mode, (done, total) => {
      signal.throwIfAborted();
      onProgress?.({ label, done, total });
    });
  }

  /** Words are found alike in every index, so that a search by words takes one that is open anyway. */
  #searchable(configuration: Configuration): Promise<Searchable> {
    const model = needsEncoder(configuration) ? configuration.model : null;
    const [anyOpened] = this.#opened.values();
    const known = model === null ? anyOpened : this.#opened.get(model);
    if (known !== undefined) return known;
    const opening = this.#open(model);
    this.#opened.set(model, opening);
    return opening;
  }

  async #open(model: string | null): Promise<Searchable> {
    const { set, folder, openEncoder, signal, onProgress } = this.#parts;
    // Every configuration asks the same questions.
    const encoder = model === null ? null : rememberQuestions(await openEncoder(model), MOST_TEXTS);
    let index: Index | undefined;
    try {
      await mkdir(folder, { recursive: true });
      const key = JSON.stringify([encoder?.id ?? null, set.corpus]);
      const name = createHash('sha256').update(key).digest('hex').slice(0, 16);
      index = await openKept(join(folder, `${name}.sqlite`), encoder);
      await indexCorpus(set.corpus, index, encoder, (done, total) => {
        signal.throwIfAborted();
        onProgress?.({ label: `passages encoded${model === null ? '' : ` by ${model}`}`, done, total });
      });
      return { index, encoder };
    } catch (error) {
      await encoder?.close();
      await index?.close();
      throw error;
    }
  }
}

/** What was kept is only a saving: made by an earlier version of the program, it is made anew. */
async function openKept(file: string, encoder: Encoder | null): Promise<Index> {
  try {
    return openSqliteIndex(file, { encoder });
  } catch (error) {
    if (!(error instanceof ChipwrightError && error.code === 'index_mismatch')) throw error;
    for (const suffix of ['', '-wal', '-shm']) await rm(`${file}${suffix}`, { force: true });
    return openSqliteIndex(file, { encoder });
  }
}
