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

/** As many drafts to choose from for each one wanted. */
const CHOICE = 4;

/** Up to `count` drafts, no two about one chunk and none about those `used` already. The same input gives the same drafts. */
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
  const taken = new Set(used);
  const perDocument = new Map<string, number>();
  const documentOf = new Map(corpus.chunks.map(({ id, document }: CorpusChunk) => [id, document.id]));
  const drafts: QuestionDraft[] = [];
  // One of each document first, then a second, and so on, until there are enough.
  for (let limit = 1; drafts.length < count && limit <= count; limit++) {
    for (const { question, kind, relevant } of made) {
      const [first = ''] = relevant;
      const document = documentOf.get(first) ?? '';
      if (drafts.length >= count) break;
      if (relevant.some((id) => taken.has(id)) || (perDocument.get(document) ?? 0) >= limit) continue;
      for (const id of relevant) taken.add(id);
      perDocument.set(document, (perDocument.get(document) ?? 0) + 1);
      drafts.push({ question, kind, relevant });
    }
  }
  return drafts;
}
