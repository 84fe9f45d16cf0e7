// The result of an evaluation for programs: everything that was measured, and what each question found.
import { type Configuration, needsEncoder } from './configuration.js';
import { recallCurve } from './retrieval-evaluation.js';
import type { RetrievalSummary, Run } from './retrieval-summary.js';

/** Plain JSON data: the scores of ours by measure, and beside them what was asked for. */
export function retrievalJson(summary: RetrievalSummary): Record<string, unknown> {
  const { set, headline, ours, against, sides, parts, kinds, questions } = summary;
  return {
    ...configuration(ours.configuration),
    n: set.questions.length,
    passages: set.corpus.length,
    headline,
    ...ours.scores,
    recallCurve: recallCurve(set, ours.rankings),
    ...(against === undefined
      ? {}
      : {
          against: {
            ...configuration(against.configuration),
            ...against.scores,
            recallCurve: recallCurve(set, against.rankings),
          },
          difference: against.difference,
        }),
    sides: sides.map((side) => ({ ...configuration(side.configuration), ...side.scores })),
    parts: parts.map(({ part, difference }) => ({ part, difference })),
    kinds,
    questions: set.questions.map(({ id }, at) => ({
      id,
      ...questions[at],
      found: found(ours, at),
      ...(against === undefined ? {} : { foundByAgainst: found(against, at) }),
    })),
  };
}

function configuration(measured: Configuration) {
  const { model, mode, without } = measured;
  return { mode, encoder: needsEncoder(measured) ? model : null, without: [...without] };
}

function found({ rankings }: Run, at: number): readonly string[] {
  return rankings[at] ?? [];
}
