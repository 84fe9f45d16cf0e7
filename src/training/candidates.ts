// The models a run may publish: the tuned one, and means of it and its base; each judged against the model in use.
import type { Logger } from 'pino';
import type { EvaluationSet } from '../evaluation/data-set.js';
import { Ranker } from '../evaluation/ranker.js';
import { compare, type Rankings, type Scores, score } from '../evaluation/retrieval-evaluation.js';
import type { Encoder } from '../retrieval/encoder/encoder.js';
import type { RetrievalMode } from '../retrieval/retriever.js';
import { type GateEvidence, judge, type Verdict } from './gate.js';

/** What is looked at on every set. */
export const JUDGED_MODES = ['dense', 'hybrid'] as const satisfies readonly RetrievalMode[];
export type JudgedMode = (typeof JUDGED_MODES)[number];

/** One measure for all decisions: it notices where in the first ten the right passage stands. */
export const MEASURE = 'nDCG@10';

/** One set of questions, and whether it judges or only guards what was known before. */
export interface NamedSet {
  /** For people. */
  readonly name: string;
  readonly set: EvaluationSet;
  readonly general: boolean;
}

export interface Candidate {
  /** `tuned`, or `merged, 70 %`: the share of the tuned weights. No longer: the charts of the report cut names at 20 characters. */
  readonly label: string;
  readonly folder: string;
}

export interface JudgedCandidate {
  readonly candidate: Candidate;
  readonly verdict: Verdict;
  /** By set, then mode; differences are against the model in use. */
  readonly results: readonly SetResult[];
}

export interface SetResult {
  readonly set: string;
  readonly mode: JudgedMode;
  readonly inUse: { readonly scores: Scores; readonly rankings: Rankings };
  readonly candidate: { readonly scores: Scores; readonly rankings: Rankings };
  readonly difference: Scores;
}

export interface JudgeTools {
  /** Keeps encoded passages, so that a run that is taken up does not encode them again. */
  readonly folder: string;
  readonly openEncoder: (folder: string) => Promise<Encoder>;
  readonly now: () => number;
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly onProgress?: (progress: {
    readonly label: string;
    readonly done: number;
    readonly total: number;
  }) => void;
}

/** Judges every candidate on every set. `inUse` is the folder of the model that answers at the moment. */
export async function judgeCandidates(
  inUse: string,
  candidates: readonly Candidate[],
  sets: readonly NamedSet[],
  tools: JudgeTools,
): Promise<JudgedCandidate[]> {
  const results = new Map<Candidate, SetResult[]>(candidates.map((candidate) => [candidate, []]));
  for (const { name, set } of sets) {
    const before = await rankByModel('in use', inUse, set, tools);
    for (const candidate of candidates) {
      const after = await rankByModel(candidate.label, candidate.folder, set, tools);
      for (const mode of JUDGED_MODES)
        results.get(candidate)?.push({
          set: name,
          mode,
          inUse: { scores: score(set, before[mode]), rankings: before[mode] },
          candidate: { scores: score(set, after[mode]), rankings: after[mode] },
          difference: compare(set, after[mode], before[mode]),
        });
    }
  }
  return candidates.map((candidate) => {
    const own = results.get(candidate) ?? [];
    return { candidate, verdict: judge(evidence(own, sets)), results: own };
  });
}

/** The model is open for no longer than this takes: several at once would need half a gigabyte each. */
async function rankByModel(
  label: string,
  folder: string,
  set: EvaluationSet,
  tools: JudgeTools,
): Promise<Readonly<Record<JudgedMode, Rankings>>> {
  const ranker = new Ranker({ ...tools, set, openEncoder: () => tools.openEncoder(folder) });
  // Copies of a passage are judged as passages of their own here, so none is folded into another.
  const without = new Set(['collapse'] as const);
  try {
    return {
      dense: await ranker.rank({ model: label, mode: 'dense', without }),
      hybrid: await ranker.rank({ model: label, mode: 'hybrid', without }),
    };
  } finally {
    await ranker.close();
  }
}

function evidence(results: readonly SetResult[], sets: readonly NamedSet[]): GateEvidence {
  const change = (set: string, mode: JudgedMode) => {
    const found = results.find((result) => result.set === set && result.mode === mode);
    return found?.difference[MEASURE] ?? { value: 0, low: 0, high: 0 };
  };
  return {
    comparisons: sets
      .filter(({ general }) => !general)
      .map(({ name, set }) => ({
        set: name,
        questions: set.questions.length,
        dense: change(name, 'dense'),
        hybrid: change(name, 'hybrid'),
      })),
    general: sets.filter(({ general }) => general).map(({ name }) => change(name, 'dense')),
  };
}

/**
 * The candidate to publish: of those that passed, the one with the largest gain over all judging sets, both modes added; undefined when
 * none passed.
 */
export function chooseCandidate(
  judged: readonly JudgedCandidate[],
  sets: readonly NamedSet[],
): JudgedCandidate | undefined {
  const judging = new Set(sets.filter(({ general }) => !general).map(({ name }) => name));
  const gain = ({ results }: JudgedCandidate) =>
    results
      .filter(({ set }) => judging.has(set))
      .reduce((sum, { difference }) => sum + difference[MEASURE].value, 0);
  return judged
    .filter(({ verdict }) => verdict.publish)
    .sort((a, b) => gain(b) - gain(a))
    .at(0);
}
