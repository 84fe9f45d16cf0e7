// Scores a retriever on a set of questions, with intervals, and compares two of them.
import type { Interval } from './bootstrap.js';
import type { EvaluationSet } from './data-set.js';
import { found, type Judgements, ndcg, reciprocalRank } from './metrics.js';
import { differenceOf, type Measure, measureOf, type Parts } from './ratio.js';

export type { Measure };

const DEPTHS = [1, 5, 8, 10, 15, 20] as const;

/** The last point of a recall curve; no measure looks further. */
export const CURVE_DEPTH = 20;

/** What is asked of a ranking. The measures need 20; a report tells the place of what was found further down. */
export const RANKING_DEPTH = 50;

export type MeasureName =
  | `${'microRecall' | 'macroRecall' | 'hit'}@${(typeof DEPTHS)[number]}`
  | 'nDCG@10'
  | 'MRR@10';

/** Every measure's value with its 95 % interval. */
export type Scores = Readonly<Record<MeasureName, Measure>>;

/** Ids best first, one ranking per question of the set, in order. */
export type Rankings = readonly (readonly string[])[];

type Ranking = Rankings[number];

/** What a ranking of one question adds to a measure. */
type Ratio = (ranking: Ranking, judged: Judgements) => Parts;

const microRecall =
  (k: number): Ratio =>
  (ranking, judged) => {
    const { hits, relevant } = found(ranking, judged, k);
    return { over: hits, under: relevant };
  };

const mean =
  (value: (ranking: Ranking, judged: Judgements) => number): Ratio =>
  (ranking, judged) => ({ over: value(ranking, judged), under: 1 });

const recall = (k: number) => (ranking: Ranking, judged: Judgements) => {
  const { hits, relevant } = found(ranking, judged, k);
  return hits / relevant;
};

const hit = (k: number) => (ranking: Ranking, judged: Judgements) =>
  found(ranking, judged, k).hits > 0 ? 1 : 0;

const MEASURES = new Map<MeasureName, Ratio>([
  ...DEPTHS.map((k) => [`microRecall@${k}`, microRecall(k)] as const),
  ...DEPTHS.map((k) => [`macroRecall@${k}`, mean(recall(k))] as const),
  ...DEPTHS.map((k) => [`hit@${k}`, mean(hit(k))] as const),
  ['nDCG@10', mean((ranking, judged) => ndcg(ranking, judged, 10))],
  ['MRR@10', mean((ranking, judged) => reciprocalRank(ranking, judged, 10))],
]);

export function score(set: EvaluationSet, rankings: Rankings): Scores {
  return scores((ratio) => measured(ratio, set, rankings));
}

/** How much better `ours` is than `theirs` on the same questions: differences with paired intervals. */
export function compare(set: EvaluationSet, ours: Rankings, theirs: Rankings): Scores {
  return scores((ratio) => differenceOf(partsOf(ratio, set, ours), partsOf(ratio, set, theirs)));
}

/** One measure of `score`, for where the others are not wanted. */
export function scoreOn(name: MeasureName, set: EvaluationSet, rankings: Rankings): Measure {
  return measured(ratioOf(name), set, rankings);
}

/** One measure of `compare`. */
export function compareOn(name: MeasureName, set: EvaluationSet, ours: Rankings, theirs: Rankings): Measure {
  const ratio = ratioOf(name);
  return differenceOf(partsOf(ratio, set, ours), partsOf(ratio, set, theirs));
}

/** Micro recall at 1, 2, ... CURVE_DEPTH. */
export function recallCurve(set: EvaluationSet, rankings: Rankings): Measure[] {
  return Array.from({ length: CURVE_DEPTH }, (_, at) => measured(microRecall(at + 1), set, rankings));
}

/** The measure's value for each question by itself. */
export function questionScores(name: MeasureName, set: EvaluationSet, rankings: Rankings): number[] {
  return partsOf(ratioOf(name), set, rankings).map(({ over, under }) => (under === 0 ? 0 : over / under));
}

/** Whether the judgements tell more from less relevant passages. */
export function isGraded({ questions }: EvaluationSet): boolean {
  const grades = new Set(
    questions.flatMap(({ judged }) => [...judged.values()].filter((grade) => grade > 0)),
  );
  return grades.size > 1;
}

/**
 * What a set is judged by first: recall where a passage is relevant or not, as everything after the search sees the first eight to ten;
 * nDCG where some passages matter more than others.
 */
export function headlineOf(set: EvaluationSet): 'microRecall@10' | 'nDCG@10' {
  return isGraded(set) ? 'nDCG@10' : 'microRecall@10';
}

/** A difference counts when its whole interval lies on one side of zero; otherwise it may be chance. */
export function verdict({ low, high }: Interval): 'better' | 'worse' | 'undecided' {
  if (low > 0) return 'better';
  return high < 0 ? 'worse' : 'undecided';
}

function scores(measure: (ratio: Ratio) => Measure): Scores {
  return Object.fromEntries([...MEASURES].map(([name, ratio]) => [name, measure(ratio)])) as Record<
    MeasureName,
    Measure
  >;
}

function ratioOf(name: MeasureName): Ratio {
  const ratio = MEASURES.get(name);
  if (ratio === undefined) throw new RangeError(`There is no measure ${name}.`);
  return ratio;
}

function measured(measure: Ratio, set: EvaluationSet, rankings: Rankings): Measure {
  return measureOf(partsOf(measure, set, rankings));
}

function partsOf(measure: Ratio, set: EvaluationSet, rankings: Rankings): Parts[] {
  return set.questions.map(({ judged }, at) => measure(rankings[at] ?? [], judged));
}
