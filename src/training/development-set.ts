// The questions a candidate model is judged on, with the passages they are searched in.
import { seededRandom } from '../evaluation/bootstrap.js';
import type { EvaluationSet } from '../evaluation/data-set.js';
import { type Corpus, headingsOf } from './corpus.js';
import type { DevelopmentQuestion } from './make-pairs.js';

/**
 * Passages searched: the relevant ones and others drawn from the whole index. Each is encoded once per model that is judged, so that
 * their number decides how long judging takes; what a model gains shows as well among these as among all.
 */
const PASSAGES = 1_000;

/** The same corpus, questions and seed give the same set. */
export function developmentSet(
  corpus: Corpus,
  questions: readonly DevelopmentQuestion[],
  seed: number,
): EvaluationSet {
  return drawPassages(
    {
      corpus: corpus.chunks.map((chunk) => ({ id: chunk.id, title: headingsOf(chunk), text: chunk.text })),
      questions: questions.map(({ question, kind, relevant }, at) => ({
        id: `${at + 1}`,
        text: question,
        type: kind,
        judged: new Map(relevant.map((id) => [id, 1])),
      })),
    },
    seed,
  );
}

/** The same questions over the passages that were judged for them and others drawn from the rest, a thousand in all. */
export function drawPassages({ corpus, questions }: EvaluationSet, seed: number): EvaluationSet {
  const judged = new Set(questions.flatMap((question) => [...question.judged.keys()]));
  const random = seededRandom(seed);
  const drawn = corpus
    .filter(({ id }) => !judged.has(id))
    .map(({ id }) => ({ id, at: random() }))
    .sort((a, b) => a.at - b.at)
    .slice(0, Math.max(0, PASSAGES - judged.size));
  const kept = new Set([...judged, ...drawn.map(({ id }) => id)]);
  return { corpus: corpus.filter(({ id }) => kept.has(id)), questions };
}
