// Builds a generation, checks it, and makes it the one that answers.
import { ChipwrightError } from '../errors.js';
import type { Encoder } from './encoder/encoder.js';
import { type Generations, generationFor, removeOutdated } from './generations.js';
import type { Index } from './index-port.js';
import { pages, reencode } from './reencode.js';

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
  return build({ generations, encoder }, before + 1, fill);
}

/**
 * Makes the generation of `encoder` answer, with the documents of the live one: an older generation built with the same encoder is brought
 * up to date, else the documents are encoded anew. Taken up where it stopped when it was interrupted.
 */
export async function switchEncoder(
  { generations, encoder }: BuildTools,
  live: Index,
  run: { readonly signal: AbortSignal; readonly onProgress?: (done: number, total: number) => void },
): Promise<void> {
  const number = await generationFor(generations, encoder?.id ?? null);
  await build({ generations, encoder }, number, (to) => reencode({ from: live, to, encoder, ...run }));
}

async function build<T>(
  { generations, encoder }: BuildTools,
  number: number,
  fill: (index: Index) => Promise<T>,
): Promise<T> {
  const index = await generations.open(number, encoder);
  try {
    const result = await fill(index);
    await verify(index, encoder !== null);
    await generations.publish(number);
    await removeOutdated(generations);
    return result;
  } finally {
    await index.close();
  }
}

/** Rounding of fp32 vectors, and of what an engine does to them when it stores them. */
const UNIT_TOLERANCE = 1e-3;

/** Rejects with `index_unavailable` when what was stored is not what can answer: then the old generation goes on. */
async function verify(index: Index, hasVectors: boolean): Promise<void> {
  for await (const page of pages(index)) {
    for (const { document, chunks } of page) {
      for (const { vector } of chunks) {
        if (!hasVectors && vector === undefined) continue;
        const square = vector?.reduce((sum, value) => sum + value * value, 0) ?? Number.NaN;
        if (Math.abs(Math.sqrt(square) - 1) < UNIT_TOLERANCE) continue;
        throw new ChipwrightError(
          'index_unavailable',
          `The new index is not sound: a passage of ${document.path} has no usable vector. The old one answers on.`,
          { cure: 'Check the model with `chipwright models verify`, and build again.' },
        );
      }
    }
  }
}
