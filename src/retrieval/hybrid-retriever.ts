// The retriever: encode the question, search both sides, fuse, fetch, collapse what says the same, add what stands around it.
import { type AudienceFilter, audience } from '../safety/access.js';
import { clausesOf } from './clauses.js';
import { confidenceOf, STRAY_QUESTIONS, type StrayLevel, strayLevel } from './confidence.js';
import { stretchesAround, withContext } from './context.js';
import type { Encoder } from './encoder/encoder.js';
import { bestOf, fuse, fuseByRank } from './fusion.js';
import type { HitList, Index } from './index-port.js';
import { questionTerms } from './lexical.js';
import { collapse } from './near-duplicates.js';
import type { Passage } from './passage.js';
import type { Retrieval, RetrievalMode, Retriever } from './retriever.js';

/** How many chunks of each side take part in the fusion; more changed nothing on the measured collections. */
const CANDIDATES = 50;

/** Longer questions are pasted logs: their first part is searched. Characters. */
const LONGEST_QUESTION = 4_000;

/** Share by which an index may grow or shrink before strays are measured anew. */
const STILL_THE_SAME = 0.1;

/**
 * Weight of the meaning of the whole question where it has no parts: a question of several parts gives meaning two lists, this one only one.
 * Measured against 1 in docs/retrieval.md.
 */
const WEIGHT_OF_ONE_NEED = 1.5;

const NOTHING: HitList = { hits: [], mean: 0, deviation: 0 };

/** What can be left out of a search, to measure what it adds. */
export type RetrieverPart =
  | 'clauses'
  | 'lexical'
  | 'dense'
  | 'collapse'
  | 'pairs'
  | 'headings'
  | 'corpus-statistics';

const WITH_ALL: ReadonlySet<RetrieverPart> = new Set();

export interface HybridRetrieverParts {
  readonly index: Index;
  /** Null when no model could be had: then words alone are searched. */
  readonly encoder: Encoder | null;
  readonly now: () => number;
  /** Parts to search without: for measuring what they add. */
  readonly without?: ReadonlySet<RetrieverPart>;
}

interface Asked {
  readonly vectors: readonly Float32Array[];
  readonly filter: AudienceFilter;
  readonly candidates: number;
  readonly limit: number;
  readonly mode: RetrievalMode;
}

interface Seen {
  readonly dense: HitList;
  readonly ranked: number;
  readonly found: readonly Passage[];
}

export class HybridRetriever implements Retriever {
  readonly #parts: HybridRetrieverParts;
  /** Measured once, and again when the index has clearly changed. */
  #strays: { readonly chunks: number; readonly level: Promise<StrayLevel> } | undefined;

  constructor(parts: HybridRetrieverParts) {
    this.#parts = parts;
  }

  async search(
    question: string,
    filter: AudienceFilter,
    limit: number,
    wanted: RetrievalMode = 'hybrid',
  ): Promise<Retrieval> {
    const { index, encoder, now, without = WITH_ALL } = this.#parts;
    const text = question.slice(0, LONGEST_QUESTION);
    const mode = encoder === null || without.has('dense') ? 'lexical' : wanted;
    const candidates = Math.max(CANDIDATES, limit);

    const started = now();
    const encoding =
      encoder === null || mode === 'lexical'
        ? []
        : encoder.encode([text, ...(without.has('clauses') ? [] : clausesOf(text))], 'query');
    // The words are searched while the encoder is at work.
    const [vectors, early] = await Promise.all([encoding, this.#lexical(text, filter, candidates)]);
    const encoded = now();
    const asked = { vectors, filter, candidates, limit, mode } as const;
    let lexical = early;
    let seen = await this.#look(asked, lexical);
    // A document was replaced between search and fetch: what took its place is found by looking again.
    if (seen.found.length < seen.ranked) {
      lexical = await this.#lexical(text, filter, candidates);
      seen = await this.#look(asked, lexical);
    }
    const { dense, found } = seen;
    const distinct = (without.has('collapse') ? found : collapse(found)).slice(0, limit);
    const passages = withContext(distinct, await index.stretches(stretchesAround(distinct), filter));
    const searched = now();
    const { chunks } = await index.describe();
    const evidence =
      encoder === null || vectors.length === 0
        ? {}
        : { dense: { list: dense, strays: await this.#strayLevel(encoder, chunks) } };
    return {
      passages,
      confidence: confidenceOf({ question: text, lexical, chunks, ...evidence }),
      mode,
      timings: { encodeMs: encoded - started, searchMs: searched - encoded },
    };
  }

  #lexical(text: string, filter: AudienceFilter, candidates: number): Promise<HitList> {
    const { index, without = WITH_ALL } = this.#parts;
    const terms = questionTerms(text, { pairs: !without.has('pairs'), headings: !without.has('headings') });
    return index.lexical(terms, filter, candidates);
  }

  /** What was found by words, found by meaning too, fused and fetched. `found` is fewer than `ranked` when the index changed meanwhile. */
  async #look({ vectors, filter, candidates, limit, mode }: Asked, lexical: HitList): Promise<Seen> {
    const { index, without = WITH_ALL } = this.#parts;
    const [dense = NOTHING, ...clauses] =
      vectors.length === 0 ? [] : await index.dense(vectors, filter, candidates);
    const join = without.has('corpus-statistics') ? fuseByRank : fuse;
    const ranked = join([
      { list: dense, weight: clauses.length === 0 ? WEIGHT_OF_ONE_NEED : 1 },
      { list: bestOf(clauses), weight: 1 },
      { list: lexical, weight: mode === 'dense' || without.has('lexical') ? 0 : 1 },
    ]).slice(0, without.has('collapse') ? limit : candidates);
    const scores = new Map(ranked.map(({ id, score }) => [id, score]));
    const passages = await index.passages([...scores.keys()], filter);
    const found = passages.map((passage) => ({ ...passage, score: scores.get(passage.id) ?? 0 }));
    return { dense, ranked: scores.size, found };
  }

  #strayLevel(encoder: Encoder, chunks: number): Promise<StrayLevel> {
    const known = this.#strays;
    if (known !== undefined && Math.abs(chunks - known.chunks) <= STILL_THE_SAME * known.chunks)
      return known.level;
    const level = this.#measureStrays(encoder);
    this.#strays = { chunks, level };
    level.catch(() => {
      this.#strays = undefined;
    });
    return level;
  }

  async #measureStrays(encoder: Encoder): Promise<StrayLevel> {
    const vectors = await encoder.encode(STRAY_QUESTIONS, 'query');
    const lists = await this.#parts.index.dense(vectors, audience(), 1);
    return strayLevel(lists.map(({ hits }) => hits[0]?.score ?? 0));
  }
}
