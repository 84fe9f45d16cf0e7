// Everything an index holds, in memory: what questions are made from and negatives are found in.
import type { Index, SparseVector } from '../retrieval/index-port.js';
import { encoderText } from '../retrieval/indexing.js';
import { type Chunk, type DocumentRecord, headingLine } from '../retrieval/passage.js';
import { pages } from '../retrieval/reencode.js';

export interface CorpusChunk extends Chunk {
  readonly document: DocumentRecord;
  readonly terms: SparseVector;
}

export interface Corpus {
  readonly chunks: readonly CorpusChunk[];
  /** One unit vector per chunk, row by row; null when the index has words only. */
  readonly vectors: Float32Array | null;
  readonly dimensions: number;
}

/** Reads the whole index; 67,000 chunks of 384 dimensions take about 400 MB. Only documents of `sources`, when given. */
export async function readCorpus(
  index: Index,
  options: { readonly sources?: readonly string[]; readonly signal?: AbortSignal } = {},
): Promise<Corpus> {
  const chunks: CorpusChunk[] = [];
  const vectors: Float32Array[] = [];
  for await (const page of pages(index)) {
    options.signal?.throwIfAborted();
    for (const { document, chunks: own } of page) {
      if (options.sources !== undefined && !options.sources.includes(document.source)) continue;
      for (const { vector, ...chunk } of own) {
        chunks.push({ ...chunk, document });
        if (vector !== undefined) vectors.push(vector);
      }
    }
  }
  return toCorpus(chunks, vectors);
}

/** Vectors are taken only when every chunk has one of the same length: a half-encoded index has none. */
export function toCorpus(chunks: readonly CorpusChunk[], vectors: readonly Float32Array[]): Corpus {
  const dimensions = vectors[0]?.length ?? 0;
  if (vectors.length !== chunks.length || dimensions === 0) return { chunks, vectors: null, dimensions: 0 };
  const matrix = new Float32Array(chunks.length * dimensions);
  vectors.forEach((vector, at) => {
    matrix.set(vector, at * dimensions);
  });
  return { chunks, vectors: matrix, dimensions };
}

/** The chunk as the encoder reads it, without `left` (a stretch of its text) and, unless `heading`, without the heading line. */
export function passageText(
  chunk: CorpusChunk,
  { without, heading = true }: { readonly without?: string | undefined; readonly heading?: boolean } = {},
): string {
  const text = without === undefined ? chunk.text : cutOut(chunk.text, without);
  return heading ? encoderText(chunk.document, { path: chunk.path, text }) : text;
}

/** `text` without the first `part`; whole where too little would be left to recognise it by. */
export function cutOut(text: string, part: string): string {
  const at = text.indexOf(part);
  if (at === -1) return text;
  const rest = `${text.slice(0, at)}${text.slice(at + part.length)}`.replace(/[ \t]{2,}/g, ' ').trim();
  return (rest.match(/[\p{L}\p{N}]{2,}/gu)?.length ?? 0) < LEAST_WORDS_LEFT ? text : rest;
}

const LEAST_WORDS_LEFT = 12;

/** Title and headings, as the lexical side reads them. */
export function headingsOf(chunk: CorpusChunk): string {
  return headingLine(chunk.document.title, chunk.path);
}
