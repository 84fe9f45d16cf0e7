// Which examples meet in a step, with which hard negatives, and in which order their texts pass the model.
import { seededRandom } from '../evaluation/bootstrap.js';
import { planBatches } from '../retrieval/encoder/encode-batches.js';
import type { TextTokenizer } from '../retrieval/encoder/text-tokenizer.js';
import type { TrainingExample, TrainingPassage } from './training-example.js';
import type { TokenBatch } from './training-model.js';
import type { TuningSettings } from './tuning-settings.js';

/** Examples with the hard negatives drawn for them. */
export interface ExampleBatch {
  readonly examples: readonly TrainingExample[];
  /** Of all the examples; each is a candidate for every question. */
  readonly negatives: readonly TrainingPassage[];
}

/** Texts to token ids, prefixes and special tokens included, at most as long as the settings say. */
export interface ExampleTokenizer {
  readonly question: TextTokenizer['encode'];
  readonly passage: TextTokenizer['encode'];
}

/** What a micro-batch costs whatever its texts, in tokens: the gradients of all weights are read, added to and written. Measured. */
const RUN_COST_TOKENS = 40;

/** Texts that pass the model together, by their place among all texts of the batch. */
export interface MicroBatch {
  readonly places: readonly number[];
  readonly tokens: TokenBatch;
}

type Draw = Pick<TuningSettings, 'seed' | 'batchSize' | 'hardNegatives' | 'hardNegativePool'>;

/** Batches of an epoch. They differ in size by one at most, so that none is left with a handful whose loss would say little. */
export function batchesPerEpoch(examples: number, batchSize: number): number {
  return Math.ceil(examples / batchSize);
}

/**
 * The batches of `epoch`, as a function of the seed and the epoch alone: whoever resumes draws the same. Two examples of one passage
 * share a batch only when there are more of them than batches.
 */
export function drawEpoch(examples: readonly TrainingExample[], epoch: number, draw: Draw): ExampleBatch[] {
  const random = seededRandom(Math.imul(draw.seed, 0x9e3779b1) ^ epoch);
  const batches = shuffled(dealOut(shuffled(examples, random), draw.batchSize), random);
  return batches.map((dealt) => ({
    examples: dealt,
    negatives: dealt.flatMap((example) => drawNegatives(example, draw, random)),
  }));
}

/** Deals the examples round like cards, those of one passage one after the other, so that they land in different batches. */
function dealOut(examples: readonly TrainingExample[], batchSize: number): TrainingExample[][] {
  const count = batchesPerEpoch(examples.length, batchSize);
  const turn = new Map<string, number>();
  for (const { passage } of examples) if (!turn.has(passage.id)) turn.set(passage.id, turn.size);
  const turnOf = ({ passage }: TrainingExample) => turn.get(passage.id) ?? 0;
  const batches = Array.from({ length: count }, (): TrainingExample[] => []);
  examples
    .toSorted((a, b) => turnOf(a) - turnOf(b))
    .forEach((example, at) => {
      batches[at % count]?.push(example);
    });
  return batches;
}

function drawNegatives(
  { passage, negatives, notWrong }: TrainingExample,
  { hardNegatives, hardNegativePool }: Draw,
  random: () => number,
): TrainingPassage[] {
  const pool = negatives.filter(({ id }) => id !== passage.id && !notWrong.includes(id));
  return shuffled(pool.slice(0, hardNegativePool), random).slice(0, hardNegatives);
}

/** Fisher and Yates. */
function shuffled<T>(list: readonly T[], random: () => number): T[] {
  const copy = [...list];
  for (let at = copy.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    const [a, b] = [copy[at] as T, copy[other] as T];
    copy[at] = b;
    copy[other] = a;
  }
  return copy;
}

/**
 * `Uint8Array[questions x candidates]`: 1 where a candidate must not count as wrong: it is listed as right or a near copy, or it is the
 * question's own passage met again, by id or word for word. The candidates are the examples' passages, then the negatives.
 */
export function notWrongPairs({ examples, negatives }: ExampleBatch): Uint8Array {
  const candidates = [...examples.map(({ passage }) => passage), ...negatives];
  const pairs = new Uint8Array(examples.length * candidates.length);
  examples.forEach(({ passage, notWrong }, question) => {
    const right = new Set([passage.id, ...notWrong]);
    candidates.forEach(({ id, text }, candidate) => {
      if (candidate !== question && (right.has(id) || text === passage.text))
        pairs[question * candidates.length + candidate] = 1;
    });
  });
  return pairs;
}

/** The texts of a batch as token ids: questions first, then passages, then negatives. */
export function tokensOf({ examples, negatives }: ExampleBatch, tokenizer: ExampleTokenizer): number[][] {
  return [
    ...examples.map(({ question }) => tokenizer.question(question)),
    ...examples.map(({ passage }) => tokenizer.passage(passage.text)),
    ...negatives.map(({ text }) => tokenizer.passage(text)),
  ];
}

/** Those of the texts that stand at `places`, in micro-batches of like length: little is spent on padding, and `maxTokens` bounds the memory. */
export function microBatches(
  texts: readonly (readonly number[])[],
  places: readonly number[],
  maxTokens: number,
): MicroBatch[] {
  const lengths = places.map((place) => texts[place]?.length ?? 0);
  return planBatches(lengths, maxTokens, RUN_COST_TOKENS).map((batch) => {
    const own = batch.texts.map((at) => places[at] ?? 0);
    return { places: own, tokens: own.map((place) => texts[place] ?? []) };
  });
}
