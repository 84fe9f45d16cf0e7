// Passages that do not exist, near ones that do: many enough for a large index, and as hard to tell apart as real ones.
import type { IndexedChunk, IndexedDocument } from '../../../src/retrieval/index-port.js';
import { chunkTerms } from '../../../src/retrieval/lexical.js';
import { headingLine } from '../../../src/retrieval/passage.js';

/** Shares of the words of a text that are left out, and that are replaced by a word from anywhere in the collection. */
const DROPPED = 0.2;
const REPLACED = 0.25;

/** Cosine of a neighbour's vector to the real one: two sections of the same manual, for a small BERT. */
const COSINE = { from: 0.7, to: 0.95 };

/** The real documents, and then copies of them with other words and moved vectors, until there are `passages` chunks. */
export function* withNeighbours(
  real: readonly IndexedDocument[],
  passages: number,
  random: () => number,
): Generator<IndexedDocument> {
  const words = real.flatMap(({ chunks }) => chunks.flatMap(({ text }) => text.split(/\s+/u)));
  let left = passages;
  for (let copy = 0; left > 0; copy++) {
    for (const { document, chunks } of real) {
      const own = chunks.slice(0, left);
      if (own.length === 0) continue;
      left -= own.length;
      if (copy === 0) yield { document, chunks: own };
      else
        yield {
          document: { ...document, id: `${document.id}~${copy}`, path: `${document.path}~${copy}` },
          chunks: own.map((chunk) => neighbour(chunk, document.title, copy, words, random)),
        };
    }
  }
}

function neighbour(
  chunk: IndexedChunk,
  title: string,
  copy: number,
  words: readonly string[],
  random: () => number,
): IndexedChunk {
  const text = chunk.text.replace(/\S+/gu, (word) => {
    const chance = random();
    if (chance < DROPPED) return '';
    return chance < DROPPED + REPLACED ? (words[Math.floor(random() * words.length)] ?? word) : word;
  });
  const terms = chunkTerms(headingLine(title, chunk.path), text);
  const moved = { ...chunk, id: `${chunk.id}~${copy}`, text, terms };
  return chunk.vector === undefined ? moved : { ...moved, vector: movedVector(chunk.vector, random) };
}

function movedVector(vector: Float32Array, random: () => number): Float32Array {
  const cosine = COSINE.from + (COSINE.to - COSINE.from) * random();
  const spread = Math.sqrt((1 / (cosine * cosine) - 1) / vector.length);
  const values = vector.map((value) => value + spread * normal(random));
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
}

/** Box and Muller. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
