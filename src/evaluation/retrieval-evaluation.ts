// Scores a retriever on a set of questions, with intervals, and compares two of them.
import { bootstrap, type Interval } from './bootstrap.js';
import type { EvaluationSet } from './data-set.js';
import { found, type Judgements, ndcg, reciprocalRank } from './metrics.js';

const DEPTHS = [1, 5, 8, 10, 15, 20] as const;

/** What is asked of a ranking: the first 20 are enough for every measure. */
export const RANKING_DEPTH = 20;

export interface Measure extends Interval {
  readonly value: number;
}

/** Measure name -> value with its 95 % interval: `microRecall@5`, `macroRecall@5`, `hit@5`, ..., `nDCG@10`, `MRR@10`. */
export type Scores = Readonly<Record<string, Measure>>;

/** Ids best first, one ranking per question of the set, in order. */
export type Rankings = readonly (readonly string[])[];

/** A measure over questions: summed parts whose ratio is the value, so that micro and macro averages are both of this form. */
interface Ratio {
  readonly name: string;
  parts(ranking: readonly string[], judged: Judgements): { over: number; under: number };
}

const MEASURES: readonly Ratio[] = [
  ...DEPTHS.map((k) => ({
    name: `microRecall@${k}`,
    parts: (ranking: readonly string[], judged: Judgements) => {
      const { hits, relevant } = found(ranking, judged, k);
      return { over: hits, under: relevant };
    },
  })),
  ...DEPTHS.map((k) =>
    perQuestion(`macroRecall@${k}`, (ranking, judged) => {
      const { hits, relevant } = found(ranking, judged, k);
      return hits / relevant;
    }),
  ),
  ...DEPTHS.map((k) =>
    perQuestion(`hit@${k}`, (ranking, judged) => (found(ranking, judged, k).hits > 0 ? 1 : 0)),
  ),
  perQuestion('nDCG@10', (ranking, judged) => ndcg(ranking, judged, 10)),
  perQuestion('MRR@10', (ranking, judged) => reciprocalRank(ranking, judged, 10)),
];

function perQuestion(name: string, value: (ranking: readonly string[], judged: Judgements) => number): Ratio {
  return { name, parts: (ranking, judged) => ({ over: value(ranking, judged), under: 1 }) };
}

export function score(set: EvaluationSet, rankings: Rankings): Scores {
  return Object.fromEntries(
    MEASURES.map((measure) => {
      const parts = partsOf(measure, set, rankings);
      const value = ratio(parts, everyQuestion(parts.length));
      return [measure.name, { value, ...bootstrap(parts.length, (sample) => ratio(parts, sample)) }];
    }),
  );
}

/** How much better `ours` is than `theirs` on the same questions: differences with paired intervals. */
export function compare(set: EvaluationSet, ours: Rankings, theirs: Rankings): Scores {
  return Object.fromEntries(
    MEASURES.map((measure) => {
      const a = partsOf(measure, set, ours);
      const b = partsOf(measure, set, theirs);
      const difference = (sample: Uint32Array) => ratio(a, sample) - ratio(b, sample);
      return [
        measure.name,
        { value: difference(everyQuestion(a.length)), ...bootstrap(a.length, difference) },
      ];
    }),
  );
}

function partsOf(measure: Ratio, set: EvaluationSet, rankings: Rankings): { over: number; under: number }[] {
  return set.questions.map(({ judged }, at) => measure.parts(rankings[at] ?? [], judged));
}

function ratio(parts: readonly { over: number; under: number }[], sample: Uint32Array): number {
  let over = 0;
  let under = 0;
  for (const at of sample) {
    over += parts[at]?.over ?? 0;
    under += parts[at]?.under ?? 0;
  }
  return under === 0 ? 0 : over / under;
}

function everyQuestion(n: number): Uint32Array {
  return Uint32Array.from({ length: n }, (_, at) => at);
}
