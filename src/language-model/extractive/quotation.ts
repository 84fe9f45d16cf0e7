// Which lines of the chosen sections are worth quoting.

import { ELLIPSIS } from './inline.js';
import type { Question, QuestionKind } from './question.js';
import type { RankedSection, RankedUnit, Ranking } from './ranking.js';
import type { Choice, Selection } from './selection.js';
import { fitsOneLine, type Unit } from './units.js';

/** What is quoted of one section, in the order it is to be read. */
export interface Excerpt {
  readonly marker: number;
  readonly headings: readonly string[];
  readonly units: readonly Unit[];
}

/** Of the whole answer, code apart. */
const WORDS = 150;
const FEWEST_WORDS_PER_SECTION = 40;
/** An answer below this, code included, takes in what else there is. */
const FEWEST_WORDS = 30;
/** A line beside the leading one must carry this share of a need in its own words. */
const WORTH_QUOTING = 0.3;
/** Options of the one command that answers everything matter more readily. */
const WORTH_QUOTING_ALONE = 0.15;
/** A line with less than this share of what the best line carries is left out. */
const OFF_THE_POINT = 0.6;
/** A section with this title is about the need, whatever its lines say. */
const SAME_TITLE = 0.5;
const LONGEST_LIST = 12;
const MOST_FULL_LINES = 4;
const MOST_LINES = { alone: 5, together: 2 };
const MOST_CODE_BLOCKS = 2;
const LONG_CODE_LINES = 18;
const MOST_TELLING_LINES = 7;
/** The first line names the command. */
const FIRST_LINE = 0.1;
/** Two units that share this many of their words say the same (two versions of a page). */
const SAME_WORDS = 0.75;

export function quote(
  { chosen, spare }: Selection,
  { kind, flags }: Pick<Question, 'kind' | 'flags'>,
  carried: Ranking['carried'],
): Excerpt[] {
  const quoted: RankedUnit[] = [];
  const room = Math.max(FEWEST_WORDS_PER_SECTION, WORDS / Math.max(1, chosen.length));
  const excerpt = (choice: Choice): Excerpt => ({
    marker: choice.ranked.section.marker,
    headings: choice.ranked.section.headings,
    units: new SectionQuotation(choice, {
      kind,
      flags,
      carried,
      room,
      alone: chosen.length === 1,
      quoted,
    }).units(),
  });
  const excerpts = chosen.map(excerpt);
  const tooShort = (): boolean =>
    quoted.every(({ unit }) => unit.kind !== 'code') &&
    quoted.reduce((sum, { unit }) => sum + wordsIn(unit), 0) < FEWEST_WORDS;
  for (const choice of spare) if (tooShort()) excerpts.push(excerpt(choice));
  return excerpts.filter(({ units }) => units.length > 0);
}

interface Circumstances {
  readonly kind: QuestionKind;
  readonly flags: ReadonlySet<string>;
  readonly carried: Ranking['carried'];
  /** How many words of the section there is room for. */
  readonly room: number;
  /** Whether the section is the whole answer. */
  readonly alone: boolean;
  /** All units quoted so far, of other sections too. */
  readonly quoted: RankedUnit[];
}

/** The lines of one section, gathered from the most to the least telling. */
class SectionQuotation {
  private readonly section: RankedSection;
  private readonly kind: QuestionKind;
  private readonly flags: ReadonlySet<string>;
  private readonly room: number;
  private readonly alone: boolean;
  private readonly quoted: RankedUnit[];
  private readonly carried: (text: string) => number;
  /** Per unit: the largest share of a need that its words carry. */
  private readonly relevance: readonly number[];
  private readonly titled: boolean;
  private readonly taken = new Set<number>();
  private words = 0;
  /** Lines of a list taken as a whole. */
  private listed = 0;

  constructor({ ranked, needs }: Choice, { kind, flags, carried, room, alone, quoted }: Circumstances) {
    this.section = ranked;
    this.kind = kind;
    this.flags = flags;
    this.room = room;
    this.alone = alone;
    this.quoted = quoted;
    const served = needs.length > 0 ? needs : [...ranked.scores.keys()];
    this.carried = (text) => Math.max(...served.map((need) => carried(text, need)));
    this.relevance = ranked.units.map(({ own }) => Math.max(...served.map((need) => own[need] ?? 0)));
    this.titled = served.some((need) => (ranked.titled[need] ?? 0) >= SAME_TITLE);
  }

  units(): Unit[] {
    const lead = this.takeLead();
    if (this.kind === 'how' || (this.kind === 'other' && lead !== undefined)) this.takeCode();
    if (this.kind === 'how') this.takeSteps();
    if (this.kind === 'which') this.takeList();
    this.takeLines();
    this.takeSentences(lead);
    if (this.quoted.length === 0) this.takeAnything();
    return this.inReadingOrder().flatMap((at) => this.shortened(this.unit(at)) ?? []);
  }

  /** As in the document, except that of a table the row that says most comes first. */
  private inReadingOrder(): number[] {
    return [...this.taken].sort((a, b) => {
      const [one, other] = [this.unit(a), this.unit(b)];
      const sameTable = one?.kind === 'row' && one.step === undefined && one.block === other?.block;
      const byRelevance = (this.relevance[b] ?? 0) - (this.relevance[a] ?? 0);
      return sameTable && this.kind !== 'which' && byRelevance !== 0 ? byRelevance : a - b;
    });
  }

  /** Of many lines their first sentences, of a long code block the lines that the question is about. */
  private shortened(unit: Unit | undefined): Unit | undefined {
    if (unit?.brief !== undefined && this.listed > MOST_FULL_LINES) return { ...unit, text: unit.brief };
    if (unit?.kind !== 'code') return unit;
    const lines = unit.text.split('\n');
    if (lines.length <= LONG_CODE_LINES) return unit;
    const telling = [...lines.entries()]
      .map(([at, line]) => ({ at, score: this.carried(line) + (at === 0 ? FIRST_LINE : 0) }))
      .filter(({ score }) => score > 0)
      .sort((a, b) => b.score - a.score)
      .slice(0, MOST_TELLING_LINES);
    const kept = new Set(
      telling.length > 1 ? telling.map(({ at }) => at) : lines.slice(0, LONG_CODE_LINES).keys(),
    );
    const text = lines
      .flatMap((line, at) => (kept.has(at) ? [line] : kept.has(at - 1) ? [ELLIPSIS] : []))
      .join('\n');
    return { ...unit, text };
  }

  private takeLead(): number | undefined {
    const first = this.section.units.findIndex(({ unit }) => unit.kind === 'sentence');
    const [lead] = this.best(['sentence'], (unit, at) => {
      const place =
        at === first
          ? unit.text.endsWith(':')
            ? 0.1
            : unit.text.includes('`')
              ? 0.35
              : 0.25
          : at === first + 1
            ? 0.1
            : 0;
      return (
        place + suitability(unit, this.kind) - (this.follows(at) && POINTS_BACK.test(unit.text) ? 0.15 : 0)
      );
    });
    if (lead === undefined) return undefined;
    const line = Math.max(
      0,
      ...this.best(['row', 'item'], () => 0)
        .slice(0, 1)
        .map((at) => this.relevance[at] ?? 0),
    );
    if (this.kind !== 'how' && (this.relevance[lead] ?? 0) < OFF_THE_POINT * line) return undefined;
    if (this.follows(lead) && POINTS_BACK.test(this.unit(lead)?.text ?? '')) this.take(lead - 1);
    this.takeWithFollowers(lead);
    return lead;
  }

  /** The synopsis or, failing that, the best example. */
  private takeCode(): void {
    if ([...this.taken].some((at) => this.unit(at)?.kind === 'code')) return;
    const first = this.section.units.findIndex(({ unit }) => unit.kind === 'code');
    const [code] = this.best(
      ['code'],
      (unit, at) => (at === first ? 0.15 : 0) + (isSynopsis(unit) ? 0.2 : 0),
    );
    if (code === undefined) return;
    if (this.leadsIn(code - 1)) this.takeWithFollowers(code - 1);
    else this.take(code);
  }

  /** A numbered list answers as a whole, in order, or not at all. */
  private takeSteps(): void {
    const steps = [...this.section.units.entries()]
      .filter(([, { unit }]) => unit.step !== undefined)
      .map(([at]) => at);
    const [best] = [...steps].sort((a, b) => (this.relevance[b] ?? 0) - (this.relevance[a] ?? 0));
    if (best === undefined || (!this.titled && (this.relevance[best] ?? 0) < WORTH_QUOTING)) return;
    const list = steps.filter((at) => this.unit(at)?.block === this.unit(best)?.block);
    const before = (list[0] ?? 0) - 1;
    if (this.leadsIn(before)) this.take(before);
    for (const at of list.slice(0, LONGEST_LIST)) if (this.words < 2 * this.room) this.takeWithFollowers(at);
  }

  /** All of the list or table that was asked for. */
  private takeList(): void {
    const [best] = this.best(['row', 'item'], () => 0);
    if (best === undefined) return;
    for (const [at, { unit }] of this.section.units.entries()) {
      if (unit.block === this.unit(best)?.block && this.listed < LONGEST_LIST && this.take(at))
        this.listed += 1;
    }
  }

  private takeLines(): void {
    const all = this.best(['row', 'item'], () => 0);
    const defining = all.filter((at) => this.flags.has(optionOf(this.unit(at))));
    // Who asks for an option by name has no use for the others that mention it.
    const lines = (defining.length > 0 ? defining : all).slice(
      0,
      this.alone ? MOST_LINES.alone : MOST_LINES.together,
    );
    const enough = Math.max(
      this.alone ? WORTH_QUOTING_ALONE : WORTH_QUOTING,
      OFF_THE_POINT * (this.relevance[lines[0] ?? -1] ?? 0),
    );
    for (const at of lines) {
      if (saysNothing(this.unit(at))) continue;
      if (this.words < this.room && (this.relevance[at] ?? 0) >= enough) this.takeWithFollowers(at);
    }
  }

  private takeSentences(lead: number | undefined): void {
    for (const at of this.best(['sentence'], (unit) => suitability(unit, this.kind))) {
      const unit = this.unit(at);
      if (unit === undefined || this.words + wordsIn(unit) > this.room) continue;
      const worth =
        (this.relevance[at] ?? 0) + suitability(unit, this.kind) >=
        (this.alone ? WORTH_QUOTING_ALONE : WORTH_QUOTING);
      const goesOn = lead !== undefined && at === lead + 1 && this.follows(at) && this.words < FEWEST_WORDS;
      if (worth || goesOn) this.takeWithFollowers(at);
    }
  }

  /** The retriever found the section; something in it is near. */
  private takeAnything(): void {
    const [start = 0] = this.best(['row', 'item', 'code'], () => 0);
    for (let at = start; at < start + 3; at++) this.take(at);
  }

  private take(at: number): boolean {
    const ranked = this.section.units[at];
    if (ranked === undefined || this.taken.has(at)) return false;
    const own = this.section.units;
    if (this.quoted.some((other) => !own.includes(other) && sameWords(ranked, other))) return false;
    if (ranked.unit.kind === 'code' && !fitsOneLine(ranked.unit)) {
      const blocks = this.quoted.filter(({ unit }) => unit.kind === 'code' && !fitsOneLine(unit)).length;
      if (blocks >= MOST_CODE_BLOCKS) return false;
    }
    this.taken.add(at);
    this.quoted.push(ranked);
    if (ranked.unit.kind !== 'code') this.words += wordsIn(ranked.unit);
    return true;
  }

  /** A line that leads in is nothing without what follows, and so is one that leads in to the next: what stood between could not be read. */
  private takeWithFollowers(at: number): void {
    if (!this.leadsIn(at)) {
      this.take(at);
      return;
    }
    const first = this.unit(at + 1);
    if (first === undefined || (first.kind === 'sentence' && first.text.endsWith(':'))) return;
    const { block } = first;
    if (!this.take(at)) return;
    let followers = 0;
    for (let next = at + 1; this.unit(next)?.block === block && followers < LONGEST_LIST; next++) {
      if (followers > 0 && this.words > this.room) break;
      if (this.take(next)) followers += 1;
    }
    if (followers > 0) return;
    this.taken.delete(at);
    this.quoted.pop();
  }

  private leadsIn(at: number): boolean {
    const unit = this.unit(at);
    if (unit === undefined || unit.kind === 'code' || unit.kind === 'row') return false;
    if (unit.text.endsWith(':')) return true;
    const next = this.unit(at + 1);
    return (
      unit.kind === 'sentence' &&
      next !== undefined &&
      next.kind !== 'sentence' &&
      !/[\p{P}`]$/u.test(unit.text)
    );
  }

  /** Whether the unit before is of the same paragraph. */
  private follows(at: number): boolean {
    return at > 0 && this.unit(at - 1)?.block === this.unit(at)?.block;
  }

  private unit(at: number): Unit | undefined {
    return this.section.units[at]?.unit;
  }

  /** Indices of the units of these kinds, best first. */
  private best(kinds: readonly Unit['kind'][], bonus: (unit: Unit, at: number) => number): number[] {
    return this.section.units
      .map(({ unit }, at) => ({ unit, at, score: (this.relevance[at] ?? 0) + bonus(unit, at) }))
      .filter(({ unit }) => kinds.includes(unit.kind))
      .sort((a, b) => b.score - a.score)
      .map(({ at }) => at);
  }
}

/** One command, its options on lines of their own. */
function isSynopsis({ text }: Unit): boolean {
  const [first = '', ...rest] = text.trim().split('\n');
  return /^\w*(?:_|::)/u.test(first) && rest.every((line) => /^\s|^$/u.test(line));
}

/** Openings that point at the sentence before. */
const POINTS_BACK =
  /^(?:it|this|these|those|they|such|however|therefore|thus|also|then|in addition|additionally|otherwise|for example)\b/iu;
/** Sentences that send the reader to something a quote does not hold. */
const POINTS_AWAY =
  /^(?:for (?:more|further|details)|see\b|refer to\b|please (?:see|refer)|you can also|in this section)|\bhere\b|\b(?:figures?|images?) (?:below|above|\d)|\b(?:as follows|shown below)[.:]?$|…/iu;
const DEFINES = /\b(?:is|are|means?|refers? to|defines?|describes?|stands for)\b/iu;
const GIVES_REASON =
  /\b(?:because|since|so that|therefore|thus|due to|avoid|prevents?|otherwise|caused?|in order to)\b/iu;

/** What a sentence gains or loses, whatever words it shares with the question. */
function suitability({ text }: Unit, kind: QuestionKind): number {
  let bonus = 0;
  if (POINTS_AWAY.test(text)) bonus -= 0.3;
  if (text.endsWith('?')) bonus -= 0.2;
  if (kind === 'what' && DEFINES.test(text)) bonus += 0.15;
  if (kind === 'why' && GIVES_REASON.test(text)) bonus += 0.2;
  return bonus;
}

function sameWords(a: RankedUnit, b: RankedUnit): boolean {
  if (a.unit.text === b.unit.text) return true;
  const [one, other] = [singleWords(a), singleWords(b)];
  const common = one.filter((term) => b.terms.has(term));
  return common.length >= 3 && common.length / (one.length + other.length - common.length) >= SAME_WORDS;
}

function singleWords({ terms }: RankedUnit): string[] {
  return [...terms].filter((term) => !term.includes(' '));
}

/** The option that a line defines, in lower case and without its dash; empty when it defines none. */
function optionOf(unit: Unit | undefined): string {
  return /^[`*]*--?([\p{L}\p{N}_]+)/u.exec(unit?.text ?? '')?.[1]?.toLowerCase() ?? '';
}

/** `- Area`: a line that only names something. */
function saysNothing(unit: Unit | undefined): boolean {
  return unit === undefined || (wordsIn(unit) < 3 && !unit.text.includes('`'));
}

/** Letters of a long word: text without spaces has a length too. */
const LONG_WORD = 12;

function wordsIn({ text }: Unit): number {
  return Math.max(text.split(/\s+/u).length, text.length / LONG_WORD);
}
