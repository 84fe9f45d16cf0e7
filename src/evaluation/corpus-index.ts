// Puts an evaluation corpus into an index, one passage a document, so that ids come back as the judgements know them.
import { createHash } from 'node:crypto';
import type { Encoder } from '../retrieval/encoder/encoder.js';
import type { Index } from '../retrieval/index-port.js';
import { type ChunkedDocument, toIndexed } from '../retrieval/indexing.js';
import type { RetrievalMode, Retriever } from '../retrieval/retriever.js';
import { audience, PUBLIC } from '../safety/access.js';
import type { CorpusEntry, EvaluationSet } from './data-set.js';
import { RANKING_DEPTH, type Rankings } from './retrieval-evaluation.js';

/** Passages encoded at a time. */
const BATCH = 256;

const SOURCE = 'evaluation';

/** Fills `index` with the corpus; passages that are already there, unchanged, cost nothing. */
export async function indexCorpus(
  corpus: readonly CorpusEntry[],
  index: Index,
  encoder: Encoder | null,
  onProgress?: (done: number, total: number) => void,
): Promise<void> {
  const present = await index.contentHashes(SOURCE);
  const missing = corpus
    .map(toDocument)
    .filter(({ document }) => present.get(document.id) !== document.contentHash);
  for (let at = 0; at < missing.length; at += BATCH) {
    await index.put(await toIndexed(missing.slice(at, at + BATCH), encoder));
    onProgress?.(Math.min(at + BATCH, missing.length), missing.length);
  }
}

/** The first RANKING_DEPTH passage ids for every question of the set. */
export async function rank(
  set: EvaluationSet,
  retriever: Retriever,
  mode: RetrievalMode,
  onProgress?: (done: number, total: number) => void,
): Promise<Rankings> {
  const rankings: string[][] = [];
  for (const { text } of set.questions) {
    onProgress?.(rankings.length, set.questions.length);
    const { passages } = await retriever.search(text, audience(), RANKING_DEPTH, mode);
    rankings.push(passages.map(({ id }) => id));
  }
  return rankings;
}

function toDocument({ id, title, text }: CorpusEntry): ChunkedDocument {
  const document = {
    id: `${SOURCE}:${id}`,
    source: SOURCE,
    path: id,
    title,
    contentHash: createHash('sha256')
      .update(JSON.stringify([title, text]))
      .digest('hex'),
    audience: [PUBLIC],
    version: '',
  };
  return { document, chunks: [{ id, ordinal: 0, path: [], text, place: {} }] };
}
