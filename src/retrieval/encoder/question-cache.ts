// Remembers the vectors of recent questions: the same one comes again, from others and from other steps of the same answer.
import { LRUCache } from 'lru-cache';
import type { Encoder } from './encoder.js';

/** Texts remembered, questions and their clauses: some 2 MB. */
const MOST_TEXTS = 1_000;

/**
 * `encoder`, encoding each question once for as long as it is remembered, also when it is asked twice at the same moment. A failure is
 * not remembered. Passages and lines pass through: each comes once. The vectors are shared, not copied.
 */
export function rememberQuestions(encoder: Encoder, most = MOST_TEXTS): Encoder {
  const remembered = new LRUCache<string, Promise<Float32Array>>({ max: most });

  function encodeQuestions(texts: readonly string[]): Promise<Float32Array>[] {
    const encoded = encoder.encode(texts, 'query');
    return texts.map((text, at) => {
      const vector = encoded.then((vectors) => vectors[at] as Float32Array);
      remembered.set(text, vector);
      vector.catch(() => {
        if (remembered.peek(text) === vector) remembered.delete(text);
      });
      return vector;
    });
  }

  return {
    id: encoder.id,
    name: encoder.name,
    dimensions: encoder.dimensions,
    async encode(texts, kind) {
      if (kind !== 'query') return encoder.encode(texts, kind);
      const vectors = new Map(texts.map((text) => [text, remembered.get(text)]));
      const unknown = [...vectors.keys()].filter((text) => vectors.get(text) === undefined);
      if (unknown.length > 0) {
        encodeQuestions(unknown).forEach((vector, at) => {
          vectors.set(unknown[at] as string, vector);
        });
      }
      return Promise.all(texts.map((text) => vectors.get(text) as Promise<Float32Array>));
    },
    close: () => encoder.close(),
  };
}
