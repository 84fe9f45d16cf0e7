// Questions with two needs, over two passages: each of them is right.
import { askBoth, askInTurn } from './asking.js';
import { type Draft, pick, type Random } from './draft.js';
import { contentWords, wordCount } from './phrases.js';

export interface Compound {
  readonly question: string;
  readonly drafts: readonly [Draft, Draft];
}

/** Two actions in one sentence stay readable up to this many words each. */
const LONGEST_ACTION = 12;

/** As many compounds as are asked for, or as can be had; `documentOf` tells what is near what. */
export function compoundQuestions(
  drafts: readonly Draft[],
  count: number,
  documentOf: (draft: Draft) => string,
  random: Random,
): Compound[] {
  const doing = drafts.filter(
    ({ action }) => action !== undefined && wordCount(action) <= LONGEST_ACTION && contentWords(action) >= 2,
  );
  const asking = drafts.filter(
    ({ kind, question }) => kind !== 'cropped' && wordCount(question) <= 16 && question.endsWith('?'),
  );
  const byDocument = new Map<string, Draft[]>();
  for (const draft of doing) {
    const own = byDocument.get(documentOf(draft)) ?? [];
    byDocument.set(documentOf(draft), own);
    own.push(draft);
  }
  const made: Compound[] = [];
  for (let tries = 0; made.length < count && tries < 6 * count; tries++) {
    const together = random() < 0.7;
    const pool = together ? doing : asking;
    if (pool.length < 2) continue;
    const first = pick(random, pool);
    // What is asked together is mostly done together: two tasks of one document.
    const near = together && random() < 0.75 ? byDocument.get(documentOf(first)) : undefined;
    const second = pick(random, near !== undefined && near.length > 1 ? near : pool);
    if (first.chunk === second.chunk || (first.action !== undefined && first.action === second.action))
      continue;
    const question =
      together && first.action !== undefined && second.action !== undefined
        ? askBoth(first.action, second.action, random)
        : askInTurn(first.question, second.question, random);
    made.push({ question, drafts: [first, second] });
  }
  return made;
}
