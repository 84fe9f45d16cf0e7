// A question about a passage, before it is chosen: what every kind of question file makes.
import type { TrainingExample } from '../training-example.js';

export type PairKind = TrainingExample['origin']['kind'];

export interface Draft {
  readonly kind: PairKind;
  /** Position of its chunk in the corpus. */
  readonly chunk: number;
  /** Names are in backticks where the passage has them so. */
  readonly question: string;
  /** What the asker wants to do, as a command ("set the density"), where the question is about doing: compounds are made of these. */
  readonly action?: string;
  /** The stretch of the chunk's text it was made from, word for word. */
  readonly source?: string;
}

/** Values in [0, 1), seeded. */
export type Random = () => number;

export function pick<T>(random: Random, choices: readonly T[]): T {
  const chosen = choices[Math.floor(random() * choices.length)];
  if (chosen === undefined) throw new RangeError('nothing to pick from');
  return chosen;
}

/** Fisher and Yates; a new array. */
export function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const mixed = [...items];
  for (let at = mixed.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [mixed[at], mixed[other]] = [mixed[other] as T, mixed[at] as T];
  }
  return mixed;
}
