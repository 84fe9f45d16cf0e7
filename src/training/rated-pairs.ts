// What thumbs teach: the passages of a helpful answer are right for its question, those of an unhelpful one are not.
import { type Corpus, type CorpusChunk, passageText } from './corpus.js';
import type { DevelopmentQuestion } from './make-pairs.js';
import type { TrainingExample } from './training-example.js';

/** An answer that people rated. */
export interface RatedAnswer {
  readonly question: string;
  /** Ids of the passages it cited. */
  readonly passages: readonly string[];
  readonly helpful: number;
  readonly unhelpful: number;
}

export interface RatedPairs {
  /** With the passages of unhelpful answers as their first negatives. */
  readonly training: readonly TrainingExample[];
  /** Questions about documents that are held out: they judge. */
  readonly development: readonly DevelopmentQuestion[];
}

interface Asked {
  readonly question: string;
  readonly right: Set<string>;
  readonly wrong: Set<string>;
}

/**
 * An answer counts by what more people thought of it. Passages that are no longer in the corpus are left out, and with them questions
 * that have none left. `heldOut` are ids of the documents that nothing may be learnt from.
 */
export function ratedPairs(
  rated: readonly RatedAnswer[],
  corpus: Corpus,
  heldOut: ReadonlySet<string>,
): RatedPairs {
  const chunks = new Map(corpus.chunks.map((chunk) => [chunk.id, chunk]));
  const known = (ids: Iterable<string>) =>
    [...ids].map((id) => chunks.get(id)).filter((chunk): chunk is CorpusChunk => chunk !== undefined);
  const training: TrainingExample[] = [];
  const development: DevelopmentQuestion[] = [];
  for (const { question, right, wrong } of byQuestion(rated)) {
    const answers = known(right);
    if (answers.length === 0) continue;
    if (answers.some(({ document }) => heldOut.has(document.id))) {
      development.push({ question, kind: 'thumb', relevant: answers.map(({ id }) => id) });
      continue;
    }
    const negatives = known(wrong)
      .filter(({ id }) => !right.has(id))
      .map((chunk) => ({ id: chunk.id, text: passageText(chunk) }));
    for (const chunk of answers) {
      training.push({
        question,
        passage: { id: chunk.id, text: passageText(chunk) },
        negatives,
        notWrong: answers.map(({ id }) => id).filter((id) => id !== chunk.id),
        origin: { kind: 'thumb', documents: [chunk.document.id] },
      });
    }
  }
  return { training, development };
}

/** The same question may have been answered several times, well and badly. */
function byQuestion(rated: readonly RatedAnswer[]): Iterable<Asked> {
  const asked = new Map<string, Asked>();
  for (const { question, passages, helpful, unhelpful } of rated) {
    if (helpful === unhelpful) continue;
    const key = question.toLowerCase().replace(/\s+/g, ' ').trim();
    const one = asked.get(key) ?? { question, right: new Set<string>(), wrong: new Set<string>() };
    asked.set(key, one);
    for (const id of passages) (helpful > unhelpful ? one.right : one.wrong).add(id);
  }
  return asked.values();
}
