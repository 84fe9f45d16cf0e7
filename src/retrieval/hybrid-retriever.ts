// The retriever: encode the question, search both sides, fuse, fetch.
import type { AudienceFilter } from '../safety/access.js';
import { confidenceOf } from './confidence.js';
import type { Encoder } from './encoder/encoder.js';
import { fuse } from './fusion.js';
import type { HitList, Index } from './index-port.js';
import { questionTerms } from './lexical.js';
import type { Retrieval, RetrievalMode, Retriever } from './retriever.js';

/** How many chunks of each side take part in the fusion; more changed nothing on the measured collections. */
const CANDIDATES = 50;

/** Longer questions are pasted logs: their first part is searched. Characters. */
const LONGEST_QUESTION = 4_000;

const NOTHING: HitList = { hits: [], mean: 0, deviation: 0 };

export interface HybridRetrieverParts {
  readonly index: Index;
  /** Null when no model could be had: then words alone are searched. */
  readonly encoder: Encoder | null;
  readonly now: () => number;
}

export class HybridRetriever implements Retriever {
  readonly #parts: HybridRetrieverParts;

  constructor(parts: HybridRetrieverParts) {
    this.#parts = parts;
  }

  async search(
    question: string,
    filter: AudienceFilter,
    limit: number,
    wanted: RetrievalMode = 'hybrid',
  ): Promise<Retrieval> {
    const { index, encoder, now } = this.#parts;
    const text = question.slice(0, LONGEST_QUESTION);
    const mode = encoder === null ? 'lexical' : wanted;
    const candidates = Math.max(CANDIDATES, limit);

    const started = now();
    const vector =
      encoder === null || mode === 'lexical' ? undefined : (await encoder.encode([text], 'query'))[0];
    const encoded = now();
    const terms = questionTerms(text);
    const dense =
      vector === undefined ? NOTHING : ((await index.dense([vector], filter, candidates))[0] ?? NOTHING);
    const lexical = mode === 'dense' ? NOTHING : await index.lexical(terms, filter, candidates);
    const ranked = fuse([
      { list: dense, weight: 1 },
      { list: lexical, weight: 1 },
    ]).slice(0, limit);
    const scores = new Map(ranked.map(({ id, score }) => [id, score]));
    const found = await index.passages([...scores.keys()], filter);
    const passages = found.map((passage) => ({ ...passage, score: scores.get(passage.id) ?? 0 }));
    return {
      passages,
      confidence: confidenceOf(text, passages, { dense, lexical }),
      mode,
      timings: { encodeMs: encoded - started, searchMs: now() - encoded },
    };
  }
}
