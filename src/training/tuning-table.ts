// The result of a tuning run for a terminal: every model by vectors alone and by both sides, at most 80 columns.
import { decimal, signed, withInterval } from '../evaluation/figures.js';
import type { MeasureName, Scores } from '../evaluation/retrieval-evaluation.js';
import { JUDGED_MODES, type JudgedCandidate, type NamedSet, type SetResult } from './candidates.js';
import type { TuneOutcome } from './tune.js';

const SHOWN: readonly MeasureName[] = ['microRecall@5', 'microRecall@10', 'microRecall@20', 'nDCG@10'];

export function tuningTable({ sets, judged, chosen }: TuneOutcome): string {
  return [
    ...sets.flatMap((set) => setLines(set, judged)),
    'Brackets: 95 % bootstrap interval over the questions; differences are paired, against the model in use.',
    '',
    ...judged.flatMap(({ candidate, verdict }) =>
      verdict.publish
        ? [`${candidate.label}: passes. ${verdict.reasons.join(' ')}`]
        : [`${candidate.label}: does not pass. ${verdict.reasons.join(' ')}`],
    ),
    ...(chosen === undefined ? [] : [`Best: ${chosen.candidate.label}.`]),
  ].join('\n');
}

function setLines({ name, set }: NamedSet, judged: readonly JudgedCandidate[]): string[] {
  const head = `${name}: ${set.questions.length} questions, ${set.corpus.length} passages`;
  const rows = JUDGED_MODES.flatMap((mode) => {
    const results = judged.flatMap(({ candidate, results: all }) => {
      const result = all.find((one) => one.set === name && one.mode === mode);
      return result === undefined ? [] : [{ label: candidate.label, result }];
    });
    const first = results[0]?.result;
    if (first === undefined) return [];
    return [
      row(mode, 'in use', first.inUse.scores),
      ...results.map(({ label, result }) => row(mode, label, result.candidate.scores, result)),
    ];
  });
  return [head, `${' '.repeat(30)}@5    @10    @20  nDCG@10  change of nDCG@10`, ...rows, ''];
}

function row(mode: string, label: string, scores: Scores, result?: SetResult): string {
  const figures = SHOWN.map((measure) => decimal(scores[measure].value)).join('   ');
  const change = result === undefined ? '' : `     ${withInterval(result.difference['nDCG@10'], signed)}`;
  return `  ${mode.padEnd(7)}${label.padEnd(20)}${figures}${change}`;
}
