// Which sections answer the needs of a question.
import type { RankedSection, Ranking } from './ranking.js';

/** A section and what it is there for. */
export interface Choice {
  readonly ranked: RankedSection;
  /** The needs that this section answers best of all chosen; none when it only adds to the others. */
  readonly needs: readonly number[];
}

export interface Selection {
  /** In the order of the needs they answer. */
  readonly chosen: readonly Choice[];
  /** What could fill up an answer that came out too short, best first. */
  readonly spare: readonly Choice[];
}

const MOST_SECTIONS = 5;
/** A further section must add this share of what the first one brought. */
const LEAST_GAIN = 0.06;
/** A question with one need may still have two good sources. */
const SECOND_SOURCE = 0.9;
const MOST_SPARE = 2;
/** A section comes in for a need only when one of its units carries this share of it. */
const COVERED = 0.45;
const NEARLY_AS_GOOD = 0.6;

/**
 * Greedy facility location: each need is served by the section that answers it best, and a section is taken while it serves
 * some need noticeably better than those taken before.
 */
export function select({ sections, importance }: Ranking): Selection {
  const needs = [...importance.keys()];
  const overall = (section: RankedSection): number =>
    weightedSum(importance, (need) => section.scores[need] ?? 0);
  const served = importance.map(() => 0);
  const answers = (section: RankedSection, need: number): boolean =>
    chosen.length === 0 || (section.covered[need] ?? 0) >= COVERED;
  const chosen: RankedSection[] = [];
  let first = 0;
  while (chosen.length < MOST_SECTIONS) {
    const [best] = sections
      .filter((section) => !chosen.includes(section))
      .map((section) => ({
        section,
        gain: weightedSum(importance, (need) =>
          Math.max(0, (section.scores[need] ?? 0) - (served[need] ?? 0)),
        ),
      }))
      .sort((a, b) => b.gain - a.gain || overall(b.section) - overall(a.section));
    if (best === undefined || best.gain <= LEAST_GAIN * first) break;
    first ||= best.gain;
    for (const need of needs) {
      if (answers(best.section, need))
        served[need] = Math.max(served[need] ?? 0, best.section.scores[need] ?? 0);
    }
    chosen.push(best.section);
  }

  const others = sections
    .filter((section) => !chosen.includes(section))
    .sort((a, b) => overall(b) - overall(a));
  const [next] = others;
  const [only] = chosen;
  if (chosen.length === 1 && only && next && overall(next) >= SECOND_SOURCE * overall(only))
    chosen.push(next);

  const choices = chosen.map((ranked) => ({
    ranked,
    needs: needs.filter((need) => ranked.scores[need] === served[need]),
  }));
  return {
    chosen: choices.sort((a, b) => (a.needs[0] ?? needs.length) - (b.needs[0] ?? needs.length)),
    spare: others
      .filter(
        (section) =>
          !chosen.includes(section) &&
          only !== undefined &&
          overall(section) >= NEARLY_AS_GOOD * overall(only),
      )
      .slice(0, MOST_SPARE)
      .map((ranked) => ({ ranked, needs: [] })),
  };
}

function weightedSum(importance: readonly number[], value: (need: number) => number): number {
  return importance.reduce((sum, weight, need) => sum + weight * value(need), 0);
}
