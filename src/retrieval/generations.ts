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
  /** Newest first. The live one is always among them, even before anything was stored; none is live when the engine lost what says so. */
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
  /**
   * Writes one into `folder`, which is there, as the engine's own kind of backup, in place of the one from before, while searches and writes
   * go on. `onProgress` counts in a unit of the engine's own. Resolves to the name of the file.
   */
  backup(number: number, folder: string, onProgress?: OnProgress): Promise<string>;
  /**
   * Makes a new generation of what `backup` wrote into `folder`. Resolves to its number; it does not answer yet. Rejects with
   * `usage_invalid` when there is no backup of this engine.
   */
  restore(folder: string, onProgress?: OnProgress): Promise<number>;
}

type OnProgress = (done: number, total: number) => void;

/** For a new one. */
export async function nextNumber(generations: Pick<Generations, 'list'>): Promise<number> {
  return 1 + Math.max(0, ...(await generations.list()).map(({ number }) => number));
}

/** Generations that stay for going back, besides the live one. */
const KEPT = 2;

/** Removes all but the live generation and the newest ones beside it. Resolves to the numbers that are gone. */
export async function removeOutdated(generations: Generations): Promise<number[]> {
  const live = await generations.live();
  const others = (await generations.list()).filter(({ number }) => number !== live);
  const outdated = others.slice(KEPT).map(({ number }) => number);
  for (const number of outdated) await generations.remove(number);
  return outdated;
}

/** The newest generation built with this encoder, or an empty one beside the live one, or the number of a new one. */
export async function generationFor(generations: Generations, encoderId: string | null): Promise<number> {
  const list = await generations.list();
  return (
    list.find(({ encoder, live }) => encoder === encoderId || (encoder === undefined && !live))?.number ??
    (await nextNumber(generations))
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

/** `file`: where a backup of this engine would be. */
export function noBackup(file: string): ChipwrightError {
  return new ChipwrightError(
    'usage_invalid',
    `There is no backup of this index: ${file} is missing, or is not one.`,
    {
      cure: 'Name the folder that `chipwright index backup` wrote to; an index goes back to the engine that it came from.',
    },
  );
}
