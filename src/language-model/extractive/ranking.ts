// How well each section and each unit answers each need of a question.
import { termsOf } from '../../retrieval/lexical.js';
import type { Question, Terms } from './question.js';
import type { Section, Unit } from './units.js';

export interface RankedUnit {
  readonly unit: Unit;
  readonly terms: ReadonlySet<string>;
  /** Per need: the share of its weight that the unit's own words carry, 0 to 1, plus what a dense model adds. */
  readonly own: number[];
}

export interface RankedSection {
  readonly section: Section;
  readonly units: readonly RankedUnit[];
  /** Per need, comparable across sections and needs. */
  readonly scores: readonly number[];
  /** Per need: the share that its best unit carries, the heading counted in, 0 to 1. */
  readonly covered: readonly number[];
  /** Per need: how far the last heading says the same as the need, 0 to 1. */
  readonly titled: readonly number[];
}

export interface Ranking {
  readonly sections: readonly RankedSection[];
  /** Per need: its share of what the question asks, 0 to 1. */
  readonly importance: readonly number[];
  /** The share of a need that the words of `text` carry, 0 to 1. */
  carried(text: string, need: number): number;
}

/** A word in the heading counts for the units below it, but less than in the unit. */
const HEADING_SHARE = 0.6;
/** A section titled like the need is most likely about it. */
const TITLE_MATCH = 0.8;
/** All words of the need somewhere in the section, beside those in its best unit. */
const SECTION_SHARE = 0.35;
/** What the best unit of a dense encoder gains. */
const DENSE_SHARE = 0.4;
/** What a word that every section holds still weighs: the name of the product tells nothing apart. */
const COMMON_GROUND = 0.8;
/** The retriever knows more than words do. */
const RANK_PRIOR = 0.3;
const RANK_DECAY = 0.08;

/** `nearness` holds what a dense encoder says of some of the units, 0 to 1. */
export function rank(
  question: Question,
  sections: readonly Section[],
  nearness: ReadonlyMap<Unit, number> = new Map(),
): Ranking {
  const read = sections.map((section) => ({
    section,
    units: section.units.map((unit) => ({ unit, terms: new Set(termsOf(unit.text)) })),
    heading: new Set(section.headings.flatMap((heading) => termsOf(heading))),
    title: new Set(termsOf(section.headings.at(-1) ?? '')),
  }));
  const among = rarityOf(
    read.flatMap(({ units, heading }) => units.map(({ terms }) => new Set([...terms, ...heading]))),
  );
  const acrossSections = rarityOf(
    read.map(({ units, heading }) => new Set([...heading, ...units.flatMap(({ terms }) => [...terms])])),
  );
  const rarity = (term: string): number => among(term) * (COMMON_GROUND + acrossSections(term));
  const needs = question.needs.map(
    (need) => new Map(Array.from(need, ([term, weight]) => [term, weight * rarity(term)])),
  );
  const totals = needs.map((need) => sum(need.values()));
  const total = sum(totals);

  return {
    carried: (text, need) => {
      const terms = new Set(termsOf(text));
      return share(needs[need] ?? new Map(), totals[need] ?? 0, (term) => (terms.has(term) ? 1 : 0));
    },
    importance: totals.map((weight) => (total === 0 ? 1 / totals.length : weight / total)),
    sections: read.map(({ section, units, heading, title }) => {
      const ranked = units.map(({ unit, terms }) => ({
        unit,
        terms,
        own: needs.map(
          (need, at) =>
            share(need, totals[at] ?? 0, (term) => (terms.has(term) ? 1 : 0)) +
            DENSE_SHARE * (nearness.get(unit) ?? 0),
        ),
      }));
      const everything = new Set([...heading, ...units.flatMap(({ terms }) => [...terms])]);
      const titled = needs.map((need, at) => titleMatch(title, need, totals[at] ?? 0, rarity));
      const best = needs.map((need, at) =>
        Math.max(
          ...units.map(
            ({ unit, terms }) =>
              share(need, totals[at] ?? 0, (term) =>
                terms.has(term) ? 1 : heading.has(term) ? HEADING_SHARE : 0,
              ) +
              DENSE_SHARE * (nearness.get(unit) ?? 0),
          ),
        ),
      );
      const whole = needs.map((need, at) =>
        share(need, totals[at] ?? 0, (term) => (everything.has(term) ? 1 : 0)),
      );
      const prior = 1 / (1 + RANK_DECAY * section.rank);
      const scores = best.map(
        (value, at) =>
          (value + SECTION_SHARE * (whole[at] ?? 0) + TITLE_MATCH * (titled[at] ?? 0)) * prior +
          RANK_PRIOR * prior,
      );
      return { section, units: ranked, scores, covered: best, titled };
    }),
  };
}

/** Inverse document frequency over the units at hand; a term that none of them holds weighs nothing. */
function rarityOf(units: readonly ReadonlySet<string>[]): (term: string) => number {
  const counts = new Map<string, number>();
  for (const terms of units) for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
  return (term) => {
    const matching = counts.get(term);
    return matching === undefined ? 0 : Math.log(1 + (units.length - matching + 0.5) / (matching + 0.5));
  };
}

/** Harmonic mean of how much of the title the need names and how much of the need the title names. */
function titleMatch(
  title: ReadonlySet<string>,
  need: Terms,
  of: number,
  rarity: (term: string) => number,
): number {
  const common = sum(Array.from(need, ([term, weight]) => (title.has(term) ? weight : 0)));
  const named = sum(Array.from(title, (term) => need.get(term) ?? rarity(term)));
  return named + of === 0 ? 0 : (2 * common) / (named + of);
}

function share(need: Terms, of: number, presence: (term: string) => number): number {
  if (of === 0) return 0;
  let covered = 0;
  for (const [term, weight] of need) covered += weight * presence(term);
  return covered / of;
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
