// How passages are found for a question.
import type { AudienceFilter } from '../safety/access.js';
import type { Passage } from './passage.js';

export const RETRIEVAL_MODES = ['hybrid', 'dense', 'lexical'] as const;

export type RetrievalMode = (typeof RETRIEVAL_MODES)[number];

export interface Retrieval {
  /** Best first. */
  readonly passages: readonly Passage[];
  /**
   * How sure the retriever is that the passages are about the question, 0 to 1. Below `RELEVANT` the honest answer is
   * that nothing was found.
   */
  readonly confidence: number;
  /** What was in fact used: `lexical` when no encoder could be had. */
  readonly mode: RetrievalMode;
  /** Number of the generation that was searched, and id of its encoder; absent where there is but one. */
  readonly from?: { readonly generation: number; readonly encoder: string | null };
  readonly timings: { readonly encodeMs: number; readonly searchMs: number };
}

/** The confidence below which passages are shown as near, not used as an answer. */
export const RELEVANT = 0.5;

/**
 * The confidence from which a language model may look at the passages: it can say itself that they hold no answer, and its
 * statements are checked, so a doubtful find is worth the look.
 */
export const WORTH_READING = 0.1;

export interface Retriever {
  search(question: string, filter: AudienceFilter, limit: number, mode?: RetrievalMode): Promise<Retrieval>;
}
