// What the model card of a tuned model says: how many pairs of which kind, and the figures that let it through the gate.
import { signed, withInterval } from '../evaluation/figures.js';
import { kindsOf } from './training-example.js';
import type { TuneOutcome } from './tune.js';

/** Markdown, without any text of a document. `date`: `2026-11-25`. */
export function tuningCard({ examples, training, chosen }: TuneOutcome, date: string): string {
  const kinds = kindsOf(examples);
  const results = chosen?.results ?? [];
  return [
    `Tuned on ${date} with ${examples.length} question and passage pairs that were made from a team's own documents, in ${training.steps} steps` +
      ` (InfoNCE, one hard negative a question).${chosen === undefined ? '' : ` Published: ${chosen.candidate.label}.`}`,
    '',
    '| Kind of question | Pairs |',
    '|---|---|',
    ...kinds.map(([kind, count]) => `| ${kind} | ${count} |`),
    '',
    '| Questions | Search | nDCG@10 before | after | change, 95 % interval |',
    '|---|---|---|---|---|',
    ...results.map(
      ({ set, mode, inUse, candidate, difference }) =>
        `| ${set} | ${mode} | ${inUse.scores['nDCG@10'].value.toFixed(3)} | ${candidate.scores['nDCG@10'].value.toFixed(3)} | ` +
        `${withInterval(difference['nDCG@10'], signed)} |`,
    ),
  ].join('\n');
}
