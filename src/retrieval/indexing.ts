// From a chunk to what an index stores of it: its vector and its terms.
import type { Encoder } from './encoder/encoder.js';
import type { IndexedDocument } from './index-port.js';
import { chunkTerms } from './lexical.js';
import { type Chunk, type DocumentRecord, headingLine } from './passage.js';

export interface ChunkedDocument {
  readonly document: DocumentRecord;
  readonly chunks: readonly Chunk[];
}

/** The words the encoder reads for a chunk: title and headings, then the text. */
export function encoderText(
  document: Pick<DocumentRecord, 'title'>,
  chunk: Pick<Chunk, 'path' | 'text'>,
): string {
  return `${headingLine(document.title, chunk.path)}\n${chunk.text}`;
}

/**
 * Vectors and terms for all chunks, encoded in one call, each text once. A chunk that reads like one of `held` takes over its vector:
 * they must come from an index of the same encoder. Without an encoder the chunks have terms only.
 */
export async function toIndexed(
  documents: readonly ChunkedDocument[],
  encoder: Encoder | null,
  held: readonly IndexedDocument[] = [],
): Promise<IndexedDocument[]> {
  const vectors: ReadonlyMap<string, Float32Array> =
    encoder === null ? new Map() : await vectorsOf(documents, encoder, held);
  return documents.map(({ document, chunks }) => ({
    document,
    chunks: chunks.map((chunk) => {
      const vector = vectors.get(encoderText(document, chunk));
      const terms = chunkTerms(headingLine(document.title, chunk.path), chunk.text);
      return vector === undefined ? { ...chunk, terms } : { ...chunk, terms, vector };
    }),
  }));
}

/** The vector of each text that the encoder reads for `documents`. */
async function vectorsOf(
  documents: readonly ChunkedDocument[],
  encoder: Encoder,
  held: readonly IndexedDocument[],
): Promise<ReadonlyMap<string, Float32Array>> {
  const vectors = new Map<string, Float32Array>();
  for (const { document, chunks } of held)
    for (const chunk of chunks)
      if (chunk.vector !== undefined) vectors.set(encoderText(document, chunk), chunk.vector);
  const texts = documents.flatMap(({ document, chunks }) =>
    chunks.map((chunk) => encoderText(document, chunk)),
  );
  const missing = [...new Set(texts)].filter((text) => !vectors.has(text));
  const encoded = missing.length === 0 ? [] : await encoder.encode(missing, 'passage');
  encoded.forEach((vector, at) => {
    vectors.set(missing[at] ?? '', vector);
  });
  return vectors;
}
