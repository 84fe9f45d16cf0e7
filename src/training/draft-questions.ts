// Drafts of test questions for a person to accept, edit or drop: few of each page, of many kinds, in other words where there are any.
import type { Corpus, CorpusChunk } from './corpus.js';
import { type Mix, makeQuestions } from './make-pairs.js';

export interface QuestionDraft {
  readonly question: string;
  readonly kind: string;
  /** Chunk ids; for a question with two needs, those of both. */
  readonly relevant: readonly string[];
}

/** The kinds that read best: what a page says of purposes and tasks, before single rows of tables. */
const MIX: Mix = {
  purpose: 0.36,
  option: 0.2,
  heading: 0.12,
  condition: 0.12,
  compound: 0.1,
  faq: 0.06,
  definition: 0.04,
};

/** Drafts about one chunk at most. */
const MOST_PER_CHUNK = 3;

/** As many drafts to choose from for each one wanted. */
const CHOICE = 4;

/**
 * Up to `count` drafts, none about chunks `used` already, and a second or third about one chunk only where there are too few chunks. The
 * same input gives the same drafts.
 */
export function draftQuestions(
  corpus: Corpus,
  options: {
    readonly count: number;
    readonly seed: number;
    readonly used?: ReadonlySet<string>;
    readonly signal?: AbortSignal;
  },
): QuestionDraft[] {
  const { count, seed, used = new Set<string>(), signal } = options;
  const made = makeQuestions(corpus, {
    samples: CHOICE * (count + used.size),
    mix: MIX,
    seed,
    ...(signal === undefined ? {} : { signal }),
  });
  const perChunk = new Map<string, number>();
  const seen = new Set<string>();
  const perDocument = new Map<string, number>();
  const documentOf = new Map(corpus.chunks.map(({ id, document }: CorpusChunk) => [id, document.id]));
  const drafts: QuestionDraft[] = [];
  // One of each document first, then a second, and so on, until there are enough.
  for (const [mostPerChunk, limit] of rounds(count)) {
    if (drafts.length >= count) break;
    for (const { question, kind, relevant } of made) {
      const [first = ''] = relevant;
      const document = documentOf.get(first) ?? '';
      if (drafts.length >= count) break;
      if (
        seen.has(question) ||
        relevant.some((id) => used.has(id) || (perChunk.get(id) ?? 0) >= mostPerChunk) ||
        (perDocument.get(document) ?? 0) >= limit
      )
        continue;
      seen.add(question);
      for (const id of relevant) perChunk.set(id, (perChunk.get(id) ?? 0) + 1);
      perDocument.set(document, (perDocument.get(document) ?? 0) + 1);
      drafts.push({ question, kind, relevant });
    }
  }
  return drafts;
}

/** First a single draft of each chunk, taking ever more of a document; then the same with two and three of each chunk. */
function* rounds(count: number): Generator<readonly [perChunk: number, perDocument: number]> {
  for (let perChunk = 1; perChunk <= MOST_PER_CHUNK; perChunk++) {
    for (
      let perDocument = 1;
      perDocument < 2 * count;
      perDocument = perDocument < 8 ? perDocument + 1 : 2 * perDocument
    ) {
      yield [perChunk, perDocument];
    }
  }
}
