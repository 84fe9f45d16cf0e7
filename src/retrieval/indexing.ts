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

/** Vectors and terms for all chunks, encoded in one call. Without an encoder the chunks have terms only. */
export async function toIndexed(
  documents: readonly ChunkedDocument[],
  encoder: Encoder | null,
): Promise<IndexedDocument[]> {
  const texts = documents.flatMap(({ document, chunks }) =>
    chunks.map((chunk) => encoderText(document, chunk)),
  );
  const vectors = encoder === null || texts.length === 0 ? [] : await encoder.encode(texts, 'passage');
  let next = 0;
  return documents.map(({ document, chunks }) => ({
    document,
    chunks: chunks.map((chunk) => {
      const vector = vectors[next++];
      const terms = chunkTerms(headingLine(document.title, chunk.path), chunk.text);
      return vector === undefined ? { ...chunk, terms } : { ...chunk, terms, vector };
    }),
  }));
}
