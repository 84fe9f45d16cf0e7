// The gate: whether a candidate model is measurably better than the one in use, and nowhere worse.
import { signed, withInterval } from '../evaluation/figures.js';
import { type Measure, verdict } from '../evaluation/retrieval-evaluation.js';

/** The candidate against the model in use, on one set of questions: differences of one measure, paired. */
export interface Comparison {
  /** For people: `held-out documents`, `your questions`. */
  readonly set: string;
  readonly questions: number;
  /** By vectors alone. */
  readonly dense: Measure;
  /** Words and vectors together: what is asked of in use. */
  readonly hybrid: Measure;
}

export interface GateEvidence {
  readonly comparisons: readonly Comparison[];
  /** Changes of nDCG@10 on general questions, by vectors alone. */
  readonly general: readonly Measure[];
}

export interface Verdict {
  readonly publish: boolean;
  /** One sentence each, for people: what speaks for the candidate, or all that speaks against it. */
  readonly reasons: readonly string[];
}

/** How much general retrieval may lose, nDCG@10. */
const GENERAL_LOSS = 0.01;

/**
 * A candidate passes when it is better on at least one set, by vectors or by both sides, with an interval above zero; when no
 * interval lies below zero; and when general retrieval has not fallen by more than .01.
 */
export function judge({ comparisons, general }: GateEvidence): Verdict {
  const results = comparisons.flatMap(({ set, questions, dense, hybrid }) => [
    { where: `${set} (${questions} questions), dense alone`, change: dense },
    { where: `${set} (${questions} questions), hybrid`, change: hybrid },
  ]);
  const better = results.filter(({ change }) => verdict(change) === 'better');
  const worse = results.filter(({ change }) => verdict(change) === 'worse');
  const against = [
    ...(better.length === 0 ? ['It is not measurably better anywhere.'] : []),
    ...worse.map(({ where, change }) => `It is worse on ${where}: ${written(change)}.`),
    ...general
      .filter(({ value }) => value < -GENERAL_LOSS)
      .map((change) => `General retrieval has fallen by more than ${GENERAL_LOSS}: ${written(change)}.`),
  ];
  return against.length > 0
    ? { publish: false, reasons: against }
    : {
        publish: true,
        reasons: better.map(({ where, change }) => `Better on ${where}: ${written(change)}.`),
      };
}

function written(change: Measure): string {
  return withInterval(change, signed);
}
