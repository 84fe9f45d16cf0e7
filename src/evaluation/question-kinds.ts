// Kinds of question, read off the question itself, so that an average does not hide who is served badly.
import { clausesOf } from '../retrieval/clauses.js';
import type { EvaluationSet, Question } from './data-set.js';

/** One way to sort questions. */
interface Aspect {
  readonly name: string;
  /** Kinds that have an order; without it, the largest comes first. */
  readonly order?: readonly string[];
  kindOf(question: Question): string;
}

const ASPECTS: readonly Aspect[] = [
  { name: 'Needs', kindOf: ({ text }) => (clausesOf(text).length === 0 ? 'one' : 'several') },
  { name: 'Names an identifier', kindOf: ({ text }) => (IDENTIFIER.test(text) ? 'yes' : 'no') },
  {
    name: 'Length',
    order: ['up to 12 words', '13 to 24 words', '25 words and more'],
    kindOf: ({ text }) => {
      const words = text.split(/\s+/).filter((word) => word !== '').length;
      if (words <= 12) return 'up to 12 words';
      return words <= 24 ? '13 to 24 words' : '25 words and more';
    },
  },
  { name: 'Question word', kindOf: ({ text }) => questionWord(text) },
  {
    name: 'Relevant passages',
    order: ['1', '2', '3 to 5', '6 and more'],
    kindOf: ({ judged }) => {
      const relevant = [...judged.values()].filter((grade) => grade > 0).length;
      if (relevant <= 2) return String(relevant);
      return relevant <= 5 ? '3 to 5' : '6 and more';
    },
  },
  { name: 'Type', kindOf: ({ type }) => type ?? 'none given' },
];

/** Kinds of fewer questions say nothing by themselves: they stand together. */
const FEWEST = 5;

/** `set_units`, `foo::bar`, `report.power`, `-corner`, `$PATH`, `camelCase`, or anything in backticks. */
const IDENTIFIER =
  /`[^`]+`|\p{L}+\d*_[\p{L}\d]|\p{L}{2,}(?:::|\.)[\p{Ll}_]{2,}|(?:^|\s)--?[\p{L}][\p{L}\d_-]+|\$\p{L}|\p{Ll}\p{Lu}\p{L}/u;

export interface Kind {
  readonly aspect: string;
  readonly kind: string;
  /** Places of its questions in the set. */
  readonly at: readonly number[];
}

/** The questions of the set, sorted by every aspect that tells at least two kinds apart. */
export function kindsOf({ questions }: EvaluationSet): Kind[] {
  return ASPECTS.flatMap(({ name, order = [], kindOf }) => {
    const kinds = new Map<string, number[]>();
    questions.forEach((question, at) => {
      const kind = kindOf(question);
      kinds.set(kind, [...(kinds.get(kind) ?? []), at]);
    });
    const large = [...kinds].filter(([, at]) => at.length >= FEWEST);
    const others = [...kinds].filter(([, at]) => at.length < FEWEST).flatMap(([, at]) => at);
    const sorted = large
      .map(([kind, at]) => ({ aspect: name, kind, at }))
      .sort(
        (a, b) =>
          order.indexOf(a.kind) - order.indexOf(b.kind) ||
          b.at.length - a.at.length ||
          (a.kind < b.kind ? -1 : 1),
      );
    if (others.length > 0) sorted.push({ aspect: name, kind: 'others', at: others.sort((a, b) => a - b) });
    return sorted.length < 2 ? [] : sorted;
  });
}

/**
 * "Where" and "when" count only where a question or a part of it starts: elsewhere they mostly tell the circumstances ("when the
 * router fails, how ...").
 */
function questionWord(text: string): string {
  const asked = /\b(how|why|what|which)\b/i.exec(text)?.[1];
  const leading = /(?:^|[,.;!?]\s*|\band\s+)(where|when|who|can|could|does|do|is|are)\b/i.exec(text)?.[1];
  const word = (asked ?? leading)?.toLowerCase() ?? 'none';
  return ['can', 'could', 'does', 'do', 'is', 'are'].includes(word) ? 'yes or no' : word;
}
