// Builds a generation, checks it, and makes it the one that answers.
import { ChipwrightError } from '../errors.js';
import type { Encoder } from './encoder/encoder.js';
import { type Generations, generationFor, removeOutdated } from './generations.js';
import type { Index, IndexDescription } from './index-port.js';
import { type CarryTools, carryOver, reencode } from './reencode.js';
import { type Soundness, verifyIndex } from './verify-index.js';

export interface BuildTools {
  readonly generations: Generations;
  /** Null for words only. */
  readonly encoder: Encoder | null;
}

/**
 * Builds a new generation from nothing: `fill` gets the empty index. Until it is whole the old one answers; when `fill` fails, the old one
 * stays. Resolves to what `fill` gave.
 */
export async function buildAnew<T>(
  { generations, encoder }: BuildTools,
  fill: (index: Index) => Promise<T>,
): Promise<T> {
  const before = await generations.live();
  // What was built and never published, or given up, is not worth keeping beside the new one.
  for (const { number } of await generations.list()) if (number > before) await generations.remove(number);
  const { result } = await build({ generations, encoder }, before + 1, fill);
  return result;
}

/**
 * Makes the generation of `encoder` answer, with the documents of the live one: an older generation built with the same encoder is brought
 * up to date, else the documents are encoded anew. Taken up where it stopped when it was interrupted.
 */
export async function switchEncoder(
  { generations, encoder }: BuildTools,
  live: Index,
  run: Pick<CarryTools, 'signal' | 'onProgress'>,
): Promise<void> {
  const number = await generationFor(generations, encoder?.id ?? null);
  await build({ generations, encoder }, number, (to) => reencode({ from: live, to, encoder, ...run }));
}

/**
 * Makes the documents of `from`, vectors and all, answer on the generations of another engine: nothing is encoded. What is there from the
 * same encoder is brought up to date. Resolves to the number of the generation, and what it holds.
 */
export async function copyIndex(
  generations: Generations,
  from: Index,
  run: Pick<CarryTools, 'signal' | 'onProgress'>,
): Promise<{ readonly number: number; readonly soundness: Soundness }> {
  const { encoder } = await from.describe();
  const number = await generationFor(generations, encoder?.id ?? null);
  const { soundness } = await build({ generations, encoder }, number, (to) =>
    carryOver({ from, to, ...run }),
  );
  return { number, soundness };
}

async function build<T>(
  {
    generations,
    encoder,
  }: { readonly generations: Generations; readonly encoder: IndexDescription['encoder'] },
  number: number,
  fill: (index: Index) => Promise<T>,
): Promise<{ readonly result: T; readonly soundness: Soundness }> {
  const index = await generations.open(number, encoder);
  try {
    const result = await fill(index);
    const soundness = await verifyIndex(index);
    const [problem] = soundness.problems;
    if (problem !== undefined) throw unsound(problem);
    await generations.publish(number);
    await removeOutdated(generations);
    return { result, soundness };
  } finally {
    await index.close();
  }
}

function unsound(problem: string): ChipwrightError {
  return new ChipwrightError(
    'index_unavailable',
    `The new index is not sound, and the old one answers on: ${problem}`,
    { cure: 'Check the model with `chipwright models verify`, and build again.' },
  );
}
