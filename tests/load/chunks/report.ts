// The tables: each kind of coverage of each setting, and how far it is from the base.
import { differenceOf, type Measure, measureOf } from '../../../src/evaluation/ratio.js';
import { type Depth, type Held, held, KINDS, type Kind, type Question } from './coverage.js';
import type { HandedOn } from './cut.js';

const DEPTHS: readonly (readonly [string, Depth])[] = [
  ['4', { passages: 4 }],
  ['8', { passages: 8 }],
  ['16', { passages: 16 }],
  ['1,000 tokens', { tokens: 1_000 }],
  ['2,000 tokens', { tokens: 2_000 }],
];

/** Where every setting is compared with the base. */
const COMPARED = ['8', '2,000 tokens'] as const;

export interface QuestionSet {
  readonly name: string;
  readonly questions: readonly Question[];
}

/** Depth -> what was held, question by question. */
type Outcome = ReadonlyMap<string, readonly Held[]>;

/** One setting, with an outcome for each set of questions. */
export interface Row {
  readonly name: string;
  readonly chunks: number;
  readonly median: number;
  readonly outcomes: readonly Outcome[];
}

export function outcomeOf(
  questions: readonly Question[],
  passages: ReadonlyMap<string, readonly HandedOn[]>,
): Outcome {
  return new Map(
    DEPTHS.map(([name, depth]) => [
      name,
      questions.map((question) => held(question, passages.get(question.text) ?? [], depth)),
    ]),
  );
}

/** One table for each kind of coverage of `set`, whose outcomes stand at `number`. The first row is the base. */
export function tables(
  { name, questions }: QuestionSet,
  how: string,
  rows: readonly Row[],
  number: number,
): string {
  const head = ['Setting', 'chunks', 'median tokens', ...DEPTHS.map(([depth]) => depth)];
  const compared = COMPARED.map((depth) => `${depth}, against the base`);
  const lines = KINDS.flatMap((kind) => [
    `\n${name}, ${questions.length} questions, ${how}: ${kind}\n`,
    row([...head, ...compared]),
    row([...head, ...compared].map(() => '---')),
    ...rows.map((own) => row(cells(own, rows[0] ?? own, number, kind))),
  ]);
  return lines.join('\n');
}

function cells(own: Row, base: Row, number: number, kind: Kind): string[] {
  const parts = (of: Row, depth: string) => (of.outcomes[number]?.get(depth) ?? []).map((each) => each[kind]);
  const values = DEPTHS.map(([depth]) => brief(measureOf(parts(own, depth)), ''));
  const against = COMPARED.map((depth) =>
    own === base ? '' : brief(differenceOf(parts(own, depth), parts(base, depth)), '+'),
  );
  return [own.name, String(own.chunks), String(own.median), ...values, ...against];
}

function row(texts: readonly string[]): string {
  return `| ${texts.join(' | ')} |`;
}

/** `.512 [.430, .590]`, without a leading zero; `plus` is the sign of what is not below zero. */
function brief({ value, low, high }: Measure, plus: '' | '+'): string {
  const figure = (part: number) => `${part < 0 ? '-' : plus}${Math.abs(part).toFixed(3).replace(/^0/, '')}`;
  return `${figure(value)} [${figure(low)}, ${figure(high)}]`;
}
