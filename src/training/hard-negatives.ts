// Passages that look right for a question and are not: what the trainer learns most from, and is misled by when they are right after all.
import { setImmediate as turn } from 'node:timers/promises';
import { seededRandom } from '../evaluation/bootstrap.js';
import type { Encoder } from '../retrieval/encoder/encoder.js';
import type { SparseVector } from '../retrieval/index-port.js';
import { questionTerms } from '../retrieval/lexical.js';
import { TopK } from '../retrieval/top-k.js';
import { type Corpus, type CorpusChunk, passageText } from './corpus.js';
import { LexicalSide } from './lexical-side.js';
import type { TrainingExample } from './training-example.js';

export interface MiningTools {
  readonly seed?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Candidates of each side, and how many are kept: the values of the best run that was measured. */
const LEXICAL_CANDIDATES = 30;
const DENSE_CANDIDATES = 40;
const KEPT = 25;

/** A candidate that scores nearly as high as the passage itself is as likely right as wrong (NV-Retriever). */
const SHARE_OF_POSITIVE = 0.95;

/** Nearer to the passage than this, a chunk says the same: not wrong. */
const SAME_COSINE = 0.93;
const SAME_WORDS = 0.8;

/** As often as passages lack their heading line, negatives do: its absence must not give the right one away. */
const HEADING_SHARE = 0.85;

/** Questions encoded at a time. */
const BATCH = 128;

/**
 * The same pairs with their negatives, hardest for the hybrid of both sides first, behind those that they have already. Near copies of the right passage go to `notWrong`.
 * `encoder` must be the one the corpus was encoded with; without vectors only words are searched. The same input gives the same result.
 */
export async function mineHardNegatives(
  pairs: readonly TrainingExample[],
  corpus: Corpus,
  encoder: Encoder | null,
  { seed = 1, signal, onProgress }: MiningTools = {},
): Promise<TrainingExample[]> {
  const rowOf = new Map(corpus.chunks.map(({ id }, row) => [id, row]));
  const terms = pairs.map(({ question }) => questionTerms(question));
  const search = new Search(corpus, new LexicalSide(corpus.chunks, terms));
  const mined = new Array<TrainingExample>(pairs.length);
  // Questions of one length make batches without padding.
  const order = [...pairs.keys()].sort((a, b) => lengthOf(pairs, a) - lengthOf(pairs, b) || a - b);
  for (let at = 0; at < order.length; at += BATCH) {
    signal?.throwIfAborted();
    const batch = order.slice(at, at + BATCH);
    const questions = batch.map((position) => pairs[position]?.question ?? '');
    const vectors =
      encoder === null || corpus.vectors === null ? [] : await encoder.encode(questions, 'query');
    batch.forEach((position, place) => {
      const pair = pairs[position] as TrainingExample;
      const row = rowOf.get(pair.passage.id);
      const found = search.candidates(terms[position] as SparseVector, vectors[place], row);
      const right = new Set([pair.passage.id, ...pair.notWrong]);
      const same = row === undefined ? [] : search.copiesOf(row, found);
      const notWrong = new Set([...pair.notWrong, ...same.map((copy) => corpus.chunks[copy]?.id ?? '')]);
      const random = seededRandom(seed + position);
      const known = new Set(pair.negatives.map(({ id }) => id));
      const negatives = found
        .map((candidate) => corpus.chunks[candidate] as CorpusChunk)
        .filter(({ id }) => !right.has(id) && !notWrong.has(id) && !known.has(id))
        .map((chunk) => ({ id: chunk.id, text: passageText(chunk, { heading: random() < HEADING_SHARE }) }));
      mined[position] = {
        ...pair,
        // What people called wrong comes before what only looks so.
        negatives: [...pair.negatives, ...negatives].slice(0, KEPT),
        notWrong: [...notWrong].filter((id) => id !== pair.passage.id),
      };
    });
    onProgress?.(at + batch.length, pairs.length);
    // The questions were scored without a pause: let an abort come through.
    await turn();
  }
  return mined;
}

function lengthOf(pairs: readonly TrainingExample[], at: number): number {
  return pairs[at]?.question.length ?? 0;
}

/** Both sides over the corpus in memory. */
class Search {
  readonly #corpus: Corpus;
  readonly #lexical: LexicalSide;
  readonly #dense: Float32Array;
  readonly #copies = new Map<number, readonly number[]>();

  constructor(corpus: Corpus, lexical: LexicalSide) {
    this.#corpus = corpus;
    this.#lexical = lexical;
    this.#dense = new Float32Array(corpus.chunks.length);
  }

  /** Rows, best first by the sum of both sides' standardised scores, without those that score nearly as high as the right one. */
  candidates(terms: SparseVector, vector: Float32Array | undefined, right: number | undefined): number[] {
    const lexical = this.#lexical.best(terms, LEXICAL_CANDIDATES);
    if (vector === undefined) return lexical.map(({ row }) => row);
    this.#scoreAll(vector);
    const best = new TopK(DENSE_CANDIDATES);
    this.#dense.forEach((score, row) => {
      best.offer(row, score);
    });
    const limit =
      right === undefined ? Number.POSITIVE_INFINITY : SHARE_OF_POSITIVE * (this.#dense[right] ?? 0);
    const { mean, deviation } = spread(this.#dense);
    const words = spread(lexical.map(({ score }) => score));
    const lowest = Math.min(...lexical.map(({ score }) => score));
    const byRow = new Map(lexical.map(({ row, score }) => [row, score]));
    const rows = new Set([...lexical.map(({ row }) => row), ...best.sorted().map(({ key }) => key)]);
    const value = (row: number) =>
      ((this.#dense[row] ?? 0) - mean) / deviation +
      (lexical.length === 0 ? 0 : ((byRow.get(row) ?? lowest) - words.mean) / words.deviation);
    return [...rows]
      .filter((row) => row === right || (this.#dense[row] ?? 0) <= limit)
      .map((row) => ({ row, value: value(row) }))
      .sort((a, b) => b.value - a.value || a.row - b.row)
      .map(({ row }) => row);
  }

  /** Rows that say the same as `row`: by meaning anywhere in the corpus, by words among `candidates`. */
  copiesOf(row: number, candidates: readonly number[]): number[] {
    const near = this.#nearIn(row);
    const terms = this.#corpus.chunks[row]?.terms.ids ?? new Uint32Array();
    const overlapping = candidates.filter(
      (other) =>
        other !== row &&
        overlap(terms, this.#corpus.chunks[other]?.terms.ids ?? new Uint32Array()) > SAME_WORDS,
    );
    return [...new Set([...near, ...overlapping])];
  }

  #nearIn(row: number): readonly number[] {
    const { vectors, dimensions } = this.#corpus;
    const known = this.#copies.get(row);
    if (known !== undefined || vectors === null) return known ?? [];
    this.#scoreAll(vectors.subarray(row * dimensions, (row + 1) * dimensions));
    const near: number[] = [];
    this.#dense.forEach((score, other) => {
      if (score > SAME_COSINE && other !== row) near.push(other);
    });
    this.#copies.set(row, near);
    return near;
  }

  #scoreAll(vector: Float32Array): void {
    const { vectors, dimensions, chunks } = this.#corpus;
    if (vectors === null) return;
    for (let row = 0, at = 0; row < chunks.length; row++) {
      let sum = 0;
      for (let column = 0; column < dimensions; column++) sum += (vector[column] ?? 0) * (vectors[at++] ?? 0);
      this.#dense[row] = sum;
    }
  }
}

function spread(scores: ArrayLike<number>): { mean: number; deviation: number } {
  let sum = 0;
  let squares = 0;
  for (let at = 0; at < scores.length; at++) {
    const score = scores[at] ?? 0;
    sum += score;
    squares += score * score;
  }
  const mean = sum / Math.max(1, scores.length);
  const variance = squares / Math.max(1, scores.length) - mean * mean;
  return { mean, deviation: Math.sqrt(Math.max(variance, 1e-12)) };
}

/** Share of the shorter one's terms that the other has too; both ascending. */
function overlap(one: Uint32Array, other: Uint32Array): number {
  let shared = 0;
  for (let a = 0, b = 0; a < one.length && b < other.length; ) {
    const left = one[a] ?? 0;
    const right = other[b] ?? 0;
    if (left === right) shared++;
    if (left <= right) a++;
    if (right <= left) b++;
  }
  return shared / Math.max(1, Math.min(one.length, other.length));
}
