// What a tuned model tells of its making: the record in its folder, and the same in words for its model card.
import { decimal, signed, withInterval } from '../evaluation/figures.js';
import type { TuningRecord } from '../retrieval/encoder/tuning-record.js';
import { JUDGED_MODES, type JudgedCandidate, type JudgedMode, MEASURE } from './candidates.js';
import { kindsOf } from './training-example.js';
import type { TuneOutcome } from './tune.js';

/** The record of the candidate that is published. `date`: ISO 8601. */
export function tuningRecord(
  { examples, training, sets }: Pick<TuneOutcome, 'examples' | 'training' | 'sets'>,
  { candidate, results }: JudgedCandidate,
  date: string,
): TuningRecord {
  return {
    format: 1,
    date,
    candidate: candidate.label,
    pairs: examples.length,
    kinds: Object.fromEntries(kindsOf(examples)),
    steps: training.steps,
    seconds: training.seconds,
    measure: MEASURE,
    sets: sets.map(({ name, set, general }) => {
      const figures = (mode: JudgedMode) => {
        const found = results.find((result) => result.set === name && result.mode === mode);
        if (found === undefined) throw new Error(`${name} was not judged by ${mode}`);
        return {
          before: found.inUse.scores[MEASURE],
          after: found.candidate.scores[MEASURE],
          change: found.difference[MEASURE],
        };
      };
      return {
        name,
        general,
        questions: set.questions.length,
        dense: figures('dense'),
        hybrid: figures('hybrid'),
      };
    }),
  };
}

/** Markdown, without any text of a document. */
export function tuningCard({ date, candidate, pairs, kinds, steps, measure, sets }: TuningRecord): string {
  return [
    `Tuned on ${date.slice(0, 10)} with ${pairs} question and passage pairs that were made from a team's own documents, in ${steps} steps` +
      ` (InfoNCE, one hard negative a question). Published: ${candidate}.`,
    '',
    '| Kind of question | Pairs |',
    '|---|---|',
    ...Object.entries(kinds).map(([kind, count]) => `| ${kind} | ${count} |`),
    '',
    `| Questions | Search | ${measure} before | after | change, 95 % interval |`,
    '|---|---|---|---|---|',
    ...sets.flatMap((set) =>
      JUDGED_MODES.map((mode) => {
        const { before, after, change } = set[mode];
        return `| ${set.name} | ${mode} | ${decimal(before.value)} | ${decimal(after.value)} | ${withInterval(change, signed)} |`;
      }),
    ),
  ].join('\n');
}
