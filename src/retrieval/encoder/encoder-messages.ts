// What the encoder and its worker say to each other.
import type { TextKind } from './encoder.js';
import type { EncoderTraits } from './model-catalogue.js';

/** `workerData`: what the worker opens. */
export interface WorkerSettings {
  /** Path of `tokenizer.json`. */
  readonly tokenizer: string;
  /** Path of the ONNX graph for passages. */
  readonly exactGraph: string;
  /** Path of the one for all else; the same when the model has only one. */
  readonly quickGraph: string;
  readonly dimensions: number;
  readonly traits: EncoderTraits;
  /** Threads inside one run of the model. */
  readonly threads: number;
}

export type ToWorker =
  | {
      readonly say: 'encode';
      readonly id: number;
      readonly kind: TextKind;
      readonly texts: readonly string[];
    }
  | { readonly say: 'close' };

export type FromWorker =
  | { readonly say: 'ready' }
  /** The vectors of one request, one after the other. */
  | { readonly say: 'encoded'; readonly id: number; readonly vectors: Float32Array }
  /** One request failed; the worker goes on. */
  | { readonly say: 'failed'; readonly id: number; readonly error: Error };
