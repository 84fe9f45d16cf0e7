// The port for generations: complete builds of the index, of which one answers.
import { ChipwrightError } from '../errors.js';
import type { Index, IndexDescription } from './index-port.js';

export interface Generation {
  /** Counts up from 1. */
  readonly number: number;
  /** Id of the encoder it was built with; null for words only, undefined for an empty one, which any encoder may fill. */
  readonly encoder: string | null | undefined;
  readonly live: boolean;
}

/** In place of an encoder: the one it was built with, whatever that is. For reading, checking and copying; no model is needed for it. */
export const AS_BUILT = 'as built';
export type AsBuilt = typeof AS_BUILT;

/** All methods reject with `index_unavailable` when the engine does not answer. */
export interface Generations {
  /** Newest first. The live one is always among them, even before anything was stored. */
  list(): Promise<readonly Generation[]>;
  /** Number of the one that answers. Cheap: it is asked every second. */
  live(): Promise<number>;
  /**
   * Opens one, or makes it. Rejects with `index_mismatch` when it was built with another encoder. Opened as it was built, it must be
   * there already: else rejects with `usage_invalid`.
   */
  open(number: number, encoder: IndexDescription['encoder'] | AsBuilt): Promise<Index>;
  /** Makes `number` the one that answers, in one step for every reader. Rejects with `usage_invalid` when there is none. */
  publish(number: number): Promise<void>;
  /** Removes one. Rejects with `usage_invalid` when it is the one that answers. */
  remove(number: number): Promise<void>;
}

/** Generations that stay for going back, besides the live one. */
const KEPT = 2;

/** Removes all but the live generation and the newest ones beside it. Resolves to the numbers that are gone. */
export async function removeOutdated(generations: Generations): Promise<number[]> {
  const others = (await generations.list()).filter(({ live }) => !live);
  const outdated = others.slice(KEPT).map(({ number }) => number);
  for (const number of outdated) await generations.remove(number);
  return outdated;
}

/** The newest generation built with this encoder, or an empty one beside the live one, or the number of a new one. */
export async function generationFor(generations: Generations, encoderId: string | null): Promise<number> {
  const list = await generations.list();
  return (
    list.find(({ encoder, live }) => encoder === encoderId || (encoder === undefined && !live))?.number ??
    1 + Math.max(0, ...list.map(({ number }) => number))
  );
}

export function noGeneration(number: number): ChipwrightError {
  return new ChipwrightError('usage_invalid', `There is no generation ${number} of the index.`, {
    cure: '`chipwright index list` shows those there are.',
  });
}

export function isLiveOne(number: number): ChipwrightError {
  return new ChipwrightError('usage_invalid', `Generation ${number} of the index is the one that answers.`, {
    cure: 'Make another one answer first: `chipwright index publish N`.',
  });
}
