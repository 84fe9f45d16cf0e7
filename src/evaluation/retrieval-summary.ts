// Everything that is said about a measured retriever, as plain data: what the table, the JSON and the report are made of.
import type { RetrieverPart } from '../retrieval/hybrid-retriever.js';
import type { Configuration } from './configuration.js';
import type { EvaluationSet } from './data-set.js';
import { kindsOf } from './question-kinds.js';
import {
  compare,
  compareOn,
  headlineOf,
  isGraded,
  type Measure,
  type MeasureName,
  questionScores,
  type Rankings,
  type Scores,
  score,
  scoreOn,
} from './retrieval-evaluation.js';

/** A configuration and what it found. */
export interface Run {
  readonly configuration: Configuration;
  readonly rankings: Rankings;
}

export interface RunScores extends Run {
  readonly scores: Scores;
}

/** What a part adds: the whole against the whole without it, on the same questions. */
export interface PartDifference {
  readonly part: RetrieverPart;
  readonly difference: Scores;
}

export interface KindScore {
  readonly aspect: string;
  readonly kind: string;
  readonly n: number;
  readonly score: Measure;
  /** Ours less theirs. */
  readonly difference?: Measure;
}

export interface RetrievalSummary {
  readonly set: EvaluationSet;
  readonly graded: boolean;
  /** What the set is judged by first. */
  readonly headline: MeasureName;
  readonly ours: RunScores;
  readonly against?: RunScores & { readonly difference: Scores };
  /** The sides of ours by themselves, and nothing that stands here already. */
  readonly sides: readonly RunScores[];
  /** Empty when no part was switched off. */
  readonly parts: readonly PartDifference[];
  readonly kinds: readonly KindScore[];
  /** The headline for each question by itself (recall as a share of its own passages), in order. */
  readonly questions: readonly { readonly ours: number; readonly against?: number }[];
}

export function summarise(
  set: EvaluationSet,
  runs: {
    readonly ours: Run;
    readonly against?: Run | undefined;
    readonly sides?: readonly Run[];
    /** What is found without a part. */
    readonly ablation?: readonly { readonly part: RetrieverPart; readonly rankings: Rankings }[];
  },
): RetrievalSummary {
  const { ours, against, sides = [], ablation = [] } = runs;
  const headline = headlineOf(set);
  const scored = (run: Run): RunScores => ({ ...run, scores: score(set, run.rankings) });
  const kinds = kindsOf(set).map(({ aspect, kind, at }) => {
    const part = { ...set, questions: pick(set.questions, at) };
    const own = pick(ours.rankings, at);
    return {
      aspect,
      kind,
      n: at.length,
      score: scoreOn(headline, part, own),
      ...(against === undefined
        ? {}
        : { difference: compareOn(headline, part, own, pick(against.rankings, at)) }),
    };
  });
  const own = questionScores(headline, set, ours.rankings);
  const other = against && questionScores(headline, set, against.rankings);
  return {
    set,
    graded: isGraded(set),
    headline,
    ours: scored(ours),
    ...(against === undefined
      ? {}
      : { against: { ...scored(against), difference: compare(set, ours.rankings, against.rankings) } }),
    sides: sides.map(scored),
    parts: ablation.map(({ part, rankings }) => ({
      part,
      difference: compare(set, ours.rankings, rankings),
    })),
    kinds,
    questions: own.map((value, at) => ({
      ours: value,
      ...(other === undefined ? {} : { against: other[at] ?? 0 }),
    })),
  };
}

function pick<T>(all: readonly T[], at: readonly number[]): T[] {
  return at.flatMap((each) => all.slice(each, each + 1));
}
