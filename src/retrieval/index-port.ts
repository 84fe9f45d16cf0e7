// The port every index fills: store chunks, find them by vector and by words, always for an audience.
import type { AudienceFilter } from '../safety/access.js';
import type { Chunk, DocumentRecord, Passage } from './passage.js';

/** Terms and their weights, ascending by id, no id twice. Made by lexical.ts, at ingest and for the question alike. */
export interface SparseVector {
  readonly ids: Uint32Array;
  readonly weights: Float32Array;
}

export interface IndexedChunk extends Chunk {
  /** Unit length, `Float32Array[dimensions]`; absent in an index without an encoder. */
  readonly vector?: Float32Array;
  readonly terms: SparseVector;
}

export interface IndexedDocument {
  readonly document: DocumentRecord;
  readonly chunks: readonly IndexedChunk[];
}

export interface Hit {
  readonly id: string;
  readonly score: number;
}

/** The best chunks of one search side, best first, and what fusion needs to know of all the others. */
export interface HitList {
  readonly hits: readonly Hit[];
  /** Mean and standard deviation of this side's score over every chunk of the index, found or not. */
  readonly mean: number;
  readonly deviation: number;
}

/** Consecutive chunks of one document, by ordinal, both ends included. */
export interface Stretch {
  readonly document: string;
  readonly from: number;
  readonly to: number;
}

/** A passage that belongs to no version of a document: a process died while it stored it. No search shows it. */
export interface Orphan {
  /** In an id of the engine's own. */
  readonly id: string;
  /** Of the document it was meant for. */
  readonly path: string;
}

/** What an index holds. `encoder` is null in an index that has words only. */
export interface IndexDescription {
  readonly encoder: { readonly id: string; readonly name: string; readonly dimensions: number } | null;
  readonly documents: number;
  readonly chunks: number;
}

/** All methods reject with `index_unavailable` when the engine does not answer. */
export interface Index {
  describe(): Promise<IndexDescription>;
  /** Document id -> content hash of all documents of `source`: what sync compares with. */
  contentHashes(source: string): Promise<ReadonlyMap<string, string>>;
  /** Puts these documents in place of what the index holds of them; a reader sees each document old or new, never half. */
  put(documents: readonly IndexedDocument[]): Promise<void>;
  remove(documentIds: readonly string[]): Promise<void>;
  /** One list per vector. Empty lists in an index without an encoder. */
  dense(vectors: readonly Float32Array[], filter: AudienceFilter, k: number): Promise<HitList[]>;
  /** BM25: sum over shared terms of idf x the query's weight x the chunk's weight. */
  lexical(terms: SparseVector, filter: AudienceFilter, k: number): Promise<HitList>;
  /** The chunks of these ids that `filter` may read, in the order of `ids`, score 0. Unknown ids are left out. */
  passages(ids: readonly string[], filter: AudienceFilter): Promise<Passage[]>;
  /** The chunks in these stretches that `filter` may read, by document and ordinal, each once, score 0. */
  stretches(wanted: readonly Stretch[], filter: AudienceFilter): Promise<Passage[]>;
  /**
   * Up to `limit` whole documents, those that follow the document `after` in an order of the engine's own that never changes; from
   * the first when undefined, none at the end. Of every audience: for training and for copying on the operator's own machine, never
   * for an answer.
   */
  export(after: string | undefined, limit: number): Promise<IndexedDocument[]>;
  /**
   * The documents of these ids, whole, in the order of `ids`; without those that are unknown or have no chunks. Of every audience, like
   * `export`: what a changed document said before, so that only what is new in it need be encoded.
   */
  wholeDocuments(ids: readonly string[]): Promise<IndexedDocument[]>;
  /** None in an engine that stores a document in one step. What another process is storing just now is among them. */
  orphans(): Promise<readonly Orphan[]>;
  removeOrphans(orphans: readonly Orphan[]): Promise<void>;
  close(): Promise<void>;
}
