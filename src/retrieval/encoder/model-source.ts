// The interface of every way to get a base model's files, and the check that they are the right ones.
import { createHash } from 'node:crypto';
import { ChipwrightError } from '../../errors.js';
import type { BertWeights } from './bert-weights.js';
import type { KnownModel, PinnedFile } from './model-catalogue.js';

export interface FetchedModel {
  readonly weights: BertWeights;
  /** The bytes of `tokenizer.json`. */
  readonly tokenizer: Uint8Array;
  /** Where it came from, for people. */
  readonly source: string;
}

/** How far a download is, in bytes; `total` is null when the other side does not say. */
export interface Progress {
  readonly model: string;
  readonly file: string;
  readonly bytes: number;
  readonly total: number | null;
}

export interface ModelSource {
  /** Where it looks, for people: `the Hugging Face hub`. */
  readonly name: string;
  /** Rejects with `model_missing` when the files cannot be had here, `model_corrupt` when they are the wrong ones. */
  fetch(model: KnownModel): Promise<FetchedModel>;
}

/** The bytes, if they are those of `file`. Throws `model_corrupt`. */
export function requirePinned(bytes: Uint8Array, file: PinnedFile, from: string): Uint8Array {
  if (createHash('sha256').update(bytes).digest('hex') === file.sha256) return bytes;
  throw new ChipwrightError('model_corrupt', `${file.path} from ${from} is not the file it should be.`, {
    cure: 'Try again later, or from another network: something on the way changes or cuts off the file.',
  });
}
