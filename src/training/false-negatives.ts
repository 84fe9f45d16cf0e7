// Hard negatives that answer the question after all, found by a language model.
import { audience, mayRead } from '../safety/access.js';
import type { Corpus } from './corpus.js';
import { answersQuestion } from './passage-judge.js';
import type { PatientAsker } from './patient-asker.js';
import type { TrainingExample } from './training-example.js';

/** Negatives looked at for each pair; the trainer then draws from what is left of them. */
const LOOKED_AT = 3;

/**
 * The same pairs without the negatives that answer the question: the model looks at the first three of each, and what it says yes to moves to
 * `notWrong`. A negative that it could not judge is dropped: a wrong one does more harm than a missing one. Only passages that everybody may
 * read are sent. Pairs beyond `most` questions to the model, and all from where the endpoint is gone, stay as they are.
 */
export async function withoutFalseNegatives(
  pairs: readonly TrainingExample[],
  corpus: Corpus,
  most: number,
  asker: PatientAsker,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<{ readonly pairs: readonly TrainingExample[]; readonly removed: number }> {
  const everybody = audience();
  const open = new Set(
    corpus.chunks.filter(({ document }) => mayRead(everybody, document.audience)).map(({ id }) => id),
  );
  const looked = pairs.slice(0, Math.floor(most / LOOKED_AT));
  let removed = 0;
  let done = 0;
  const filtered = await asker.inParallel(looked, async (pair) => {
    const first = pair.negatives.filter(({ id }) => open.has(id)).slice(0, LOOKED_AT);
    const kept: typeof first = [];
    const right: string[] = [];
    for (const negative of first) {
      const answers = await answersQuestion(
        pair.question,
        { marker: 1, title: '', text: negative.text },
        asker,
      );
      if (answers === false) kept.push(negative);
      else if (answers === true) right.push(negative.id);
    }
    onProgress(++done, looked.length);
    if (first.length === 0 || asker.problem !== undefined) return pair;
    removed += first.length - kept.length;
    return { ...pair, negatives: kept, notWrong: [...new Set([...pair.notWrong, ...right])] };
  });
  return { pairs: [...filtered, ...pairs.slice(looked.length)], removed };
}
