// How well each section and each unit answers each need of a question.
import { termsOf } from '../../retrieval/lexical.js';
import type { Asked, Question, Terms } from './question.js';
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
  /** Per need: how far a heading says the same as the need, 0 to 1. */
  readonly titled: readonly number[];
}

export interface Ranking {
  readonly sections: readonly RankedSection[];
  /** Per need: its share of what the question asks, 0 to 1. */
  readonly importance: readonly number[];
  /** The share of a need that the words of `text` carry, 0 to 1. */
  carried(text: string, need: number): number;
}

/** A word in the heading counts for the units below it, but less than in the unit; a name counts whole. */
const HEADING_SHARE = 0.6;
/** A section titled like the need is most likely about it. */
const TITLE_MATCH = 0.8;
/** A title that holds a name of the need is about the need at least this far. */
const NAMED_TITLE = 0.8;
/** A title further out names the neighbours too. */
const OUTER_TITLE = 0.7;
/** Code shows how; it explains little. */
const CODE_SHARE = 0.6;
/** What a list adds for "which", and steps or a command for "how". */
const LIST_FORM = 0.4;
const STEPS_FORM = 0.1;
/** All words of the need somewhere in the section, beside those in its best unit. */
const SECTION_SHARE = 0.35;
/** What the best unit of a dense encoder gains. */
const DENSE_SHARE = 0.4;
/** What a word that every section holds still weighs: the name of the product tells nothing apart. */
const COMMON_GROUND = 0.8;
/** The retriever knows more than words do. */
const RANK_PRIOR = 0.3;
const RANK_DECAY = 0.08;

/** `nearness` holds, per need, what a dense encoder says of some of the units, 0 to 1. */
export function rank(
  question: Question,
  sections: readonly Section[],
  nearness: readonly ReadonlyMap<Unit, number>[] = [],
): Ranking {
  const read = sections.map(readSection);
  const amongUnits = rarityOf(
    read.flatMap(({ units, heading }) => units.map(({ terms }) => union(heading, terms))),
  );
  const amongSections = rarityOf(
    read.map(({ units, heading }) => union(heading, ...units.map(({ terms }) => terms))),
  );
  const rarity = (term: string): number => amongUnits(term) * (COMMON_GROUND + amongSections(term));

  const needs = question.needs.map((asked) => new Need(asked, rarity));
  const total = sum(needs.map((need) => need.total));
  const near = (unit: Unit, need: number): number => DENSE_SHARE * (nearness[need]?.get(unit) ?? 0);
  const explains = (unit: Unit): boolean => unit.kind !== 'code' || question.kind === 'how';

  return {
    carried: (text, need) => needs[need]?.carriedBy(new Set(termsOf(text))) ?? 0,
    importance: needs.map((need) => (total === 0 ? 1 / needs.length : need.total / total)),
    sections: read.map(({ section, units, heading, titles }) => {
      const everything = union(
        heading,
        ...units.filter(({ unit }) => explains(unit)).map(({ terms }) => terms),
      );
      const prior = 1 / (1 + RANK_DECAY * section.rank);
      const form = formMatch(section, question);
      const covered = needs.map((need, at) =>
        Math.max(
          ...units.map(
            ({ unit, terms }) =>
              need.carriedBy(terms, heading) * (explains(unit) ? 1 : CODE_SHARE) + near(unit, at),
          ),
        ),
      );
      const titled = needs.map((need) =>
        Math.max(
          0,
          ...titles.map((title, at) => need.sameAs(title) * (at === titles.length - 1 ? 1 : OUTER_TITLE)),
        ),
      );
      return {
        section,
        units: units.map(({ unit, terms }) => ({
          unit,
          terms,
          own: needs.map((need, at) => need.carriedBy(terms) + near(unit, at)),
        })),
        scores: needs.map((need, at) => {
          const words =
            (covered[at] ?? 0) + SECTION_SHARE * need.carriedBy(everything) + TITLE_MATCH * (titled[at] ?? 0);
          return (words + form + RANK_PRIOR) * prior;
        }),
        covered,
        titled,
      };
    }),
  };
}

/** A need with its terms weighed by how rare they are in the passages at hand. */
class Need {
  readonly total: number;
  private readonly weights: Terms;
  private readonly names: ReadonlySet<string>;
  private readonly rarity: (term: string) => number;

  constructor({ terms, names }: Asked, rarity: (term: string) => number) {
    this.names = names;
    this.weights = new Map(Array.from(terms, ([term, weight]) => [term, weight * rarity(term)]));
    this.total = sum(this.weights.values());
    this.rarity = rarity;
  }

  /** The share of the need's weight that `terms` carry, those of the heading counted in part. */
  carriedBy(terms: ReadonlySet<string>, heading: ReadonlySet<string> = new Set()): number {
    if (this.total === 0) return 0;
    let carried = 0;
    for (const [term, weight] of this.weights) {
      if (terms.has(term)) carried += weight;
      else if (heading.has(term)) carried += (this.names.has(term) ? 1 : HEADING_SHARE) * weight;
    }
    return carried / this.total;
  }

  /** Harmonic mean of how much of the title the need names and how much of the need the title names; more where they share a name. */
  sameAs(title: ReadonlySet<string>): number {
    const common = sum(Array.from(this.weights, ([term, weight]) => (title.has(term) ? weight : 0)));
    const named = sum(Array.from(title, (term) => this.weights.get(term) ?? this.rarity(term)));
    const same = named + this.total === 0 ? 0 : (2 * common) / (named + this.total);
    const holdsName = [...this.names].some((name) => title.has(name) && (this.weights.get(name) ?? 0) > 0);
    return holdsName ? Math.max(NAMED_TITLE, same) : same;
  }
}

function readSection(section: Section) {
  return {
    section,
    units: section.units.map((unit) => ({ unit, terms: new Set(termsOf(unit.text)) })),
    heading: new Set(section.context.flatMap(headingTerms)),
    titles: section.headings.map((heading) => new Set(headingTerms(heading))),
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

/** "Initialize Floorplan" is also the title of `initialize_floorplan`. */
function headingTerms(heading: string): string[] {
  const terms = termsOf(heading);
  const words = heading.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.length > 1 ? [...terms, words.join('_')] : terms;
}

/** Whether the section has the form that the question asks for. */
function formMatch({ units }: Section, { kind }: Question): number {
  if (kind === 'which')
    return units.filter((unit) => unit.kind === 'row' || unit.kind === 'item').length > 2 ? LIST_FORM : 0;
  if (kind === 'how')
    return units.some((unit) => unit.kind === 'code' || unit.step !== undefined) ? STEPS_FORM : 0;
  return 0;
}

function union(...sets: readonly ReadonlySet<string>[]): Set<string> {
  return new Set(sets.flatMap((set) => [...set]));
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
