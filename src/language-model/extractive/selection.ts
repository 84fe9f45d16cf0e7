// Which sections answer the needs of a question, and which of their lines are worth quoting.
import type { QuestionKind } from './question.js';
import type { RankedSection, RankedUnit, Ranking } from './ranking.js';
import type { Unit } from './units.js';

/** What is quoted of one section, in the order it is to be read. */
export interface Excerpt {
  readonly marker: number;
  readonly headings: readonly string[];
  readonly units: readonly Unit[];
}

const MOST_SECTIONS = 5;
/** A further section must add this share of what the first one brought. */
const LEAST_GAIN = 0.1;
/** A question with one need may still have two good sources. */
const SECOND_SOURCE = 0.8;
/** Of the whole answer, code apart. */
const WORDS = 150;
const FEWEST_WORDS_PER_SECTION = 40;
/** A line beside the leading one must carry this share of a need in its own words. */
const WORTH_QUOTING = 0.3;
const LONGEST_LIST = 12;
/** Two units that share this many of their words say the same (two versions of a page). */
const SAME = 0.8;

export function select(ranking: Ranking, kind: QuestionKind): Excerpt[] {
  const chosen = chooseSections(ranking);
  const words = Math.max(FEWEST_WORDS_PER_SECTION, WORDS / Math.max(1, chosen.length));
  const seen: RankedUnit[] = [];
  const excerpts: Excerpt[] = [];
  for (const { ranked, needs } of chosen) {
    const units = quote(ranked, needs, kind, words, chosen.length === 1, seen);
    if (units.length > 0) {
      excerpts.push({ marker: ranked.section.marker, headings: ranked.section.headings, units });
    }
  }
  return excerpts;
}

interface Choice {
  readonly ranked: RankedSection;
  /** Indices of the needs that this section answers best of all chosen. */
  readonly needs: readonly number[];
}

/** Greedy facility location: each need is served by one section, and a section is taken while it serves some need better. */
function chooseSections({ sections, importance }: Ranking): Choice[] {
  const served = importance.map(() => 0);
  const chosen: RankedSection[] = [];
  let first = 0;
  while (chosen.length < MOST_SECTIONS) {
    let best: RankedSection | undefined;
    let gain = 0;
    for (const candidate of sections) {
      if (chosen.includes(candidate)) continue;
      const own = importance.reduce(
        (sum, weight, need) =>
          sum + weight * Math.max(0, (candidate.scores[need] ?? 0) - (served[need] ?? 0)),
        0,
      );
      if (own > gain) [best, gain] = [candidate, own];
    }
    if (best === undefined || gain < LEAST_GAIN * first) break;
    first ||= gain;
    chosen.push(best);
    for (const need of importance.keys()) served[need] = Math.max(served[need] ?? 0, best.scores[need] ?? 0);
  }
  if (chosen.length === 1 && importance.length === 1) {
    const second = sections
      .filter(
        (section) =>
          !chosen.includes(section) && (section.scores[0] ?? 0) >= SECOND_SOURCE * (served[0] ?? 0),
      )
      .sort((a, b) => (b.scores[0] ?? 0) - (a.scores[0] ?? 0))[0];
    if (second !== undefined) chosen.push(second);
  }
  const choices = chosen.map((ranked) => ({
    ranked,
    needs: [...importance.keys()].filter((need) => ranked.scores[need] === served[need]),
  }));
  if (importance.length === 1) return choices.map(({ ranked }) => ({ ranked, needs: [0] }));
  return choices
    .filter(({ needs }) => needs.length > 0)
    .sort((a, b) => (a.needs[0] ?? 0) - (b.needs[0] ?? 0));
}

function quote(
  { units }: RankedSection,
  needs: readonly number[],
  kind: QuestionKind,
  words: number,
  alone: boolean,
  seen: RankedUnit[],
): Unit[] {
  const relevance = units.map(({ own }) => Math.max(...needs.map((need) => own[need] ?? 0)));
  const taken = new Set<number>();
  let used = 0;
  const take = (at: number): boolean => {
    const ranked = units[at];
    if (ranked === undefined || taken.has(at)) return false;
    if (seen.some((other) => sameWords(ranked, other))) return false;
    taken.add(at);
    seen.push(ranked);
    if (ranked.unit.kind !== 'code') used += wordsIn(ranked.unit);
    return true;
  };
  /** A line that ends in a colon is nothing without what follows. */
  const takeWhole = (at: number): void => {
    const { unit } = units[at] ?? {};
    if (unit === undefined || !take(at) || !unit.text.endsWith(':')) return;
    const next = units[at + 1]?.unit;
    for (let after = at + 1; after < units.length && after <= at + LONGEST_LIST; after++) {
      const follower = units[after]?.unit;
      if (
        follower === undefined ||
        follower.block !== next?.block ||
        (used > words && follower.kind !== 'code')
      )
        break;
      take(after);
    }
  };
  const byRelevance = (kinds: readonly Unit['kind'][], bonus: (unit: Unit, at: number) => number): number[] =>
    units
      .map(({ unit }, at) => ({ unit, at, score: (relevance[at] ?? 0) + bonus(unit, at) }))
      .filter(({ unit }) => kinds.includes(unit.kind))
      .sort((a, b) => b.score - a.score)
      .map(({ at }) => at);

  const firstSentence = units.findIndex(({ unit }) => unit.kind === 'sentence');
  const [lead] = byRelevance(
    ['sentence'],
    (unit, at) =>
      (at === firstSentence ? 0.3 : at === firstSentence + 1 ? 0.1 : 0) +
      suitability(unit, kind, at > 0 && units[at - 1]?.unit.block === unit.block),
  );
  if (lead !== undefined) {
    if (dangling(units[lead]?.unit) && units[lead - 1]?.unit.block === units[lead]?.unit.block)
      take(lead - 1);
    takeWhole(lead);
  }

  if (kind === 'how' || lead === undefined) {
    const code = byRelevance(['code'], (_, at) =>
      units.slice(0, at).some(({ unit }) => unit.kind === 'code') ? 0 : 0.3,
    )[0];
    if (code !== undefined && ![...taken].some((at) => units[at]?.unit.kind === 'code')) {
      const intro = units[code - 1]?.unit;
      if (intro?.kind === 'sentence' && intro.text.endsWith(':')) take(code - 1);
      take(code);
    }
  }

  const steps = units.flatMap(({ unit }, at) => (unit.step === undefined ? [] : [at]));
  if (kind === 'how' && steps.length > 1) {
    const [first = 0] = steps;
    const list = units[first]?.unit.block;
    for (const at of steps.slice(0, LONGEST_LIST)) {
      if (units[at]?.unit.block === list && used < words) take(at);
    }
  }

  const lines = byRelevance(['row', 'item'], () => 0);
  if (kind === 'which') {
    const list = units[lines[0] ?? -1]?.unit.block;
    let listed = 0;
    for (const [at, { unit }] of units.entries()) {
      if (
        unit.block === list &&
        (unit.kind === 'row' || unit.kind === 'item') &&
        listed < LONGEST_LIST &&
        take(at)
      )
        listed += 1;
    }
  }
  const most = alone ? 5 : 2;
  for (const at of lines.slice(0, most)) {
    if (used < words && (relevance[at] ?? 0) >= WORTH_QUOTING) takeWhole(at);
  }

  for (const at of byRelevance(['sentence'], (unit) => suitability(unit, kind, false))) {
    const unit = units[at]?.unit;
    if (unit === undefined || used + wordsIn(unit) > words) continue;
    const follows = lead !== undefined && at === lead + 1 && unit.block === units[lead]?.unit.block;
    if ((relevance[at] ?? 0) + suitability(unit, kind, false) >= WORTH_QUOTING || (follows && used < 30))
      takeWhole(at);
  }
  if (taken.size === 0) {
    const start = lines[0] ?? 0;
    for (let at = start; at < units.length && taken.size < 3; at++) take(at);
  }

  const order = [...taken].sort((a, b) => a - b);
  return order.flatMap((at) => units[at]?.unit ?? []);
}

/** What a sentence gains or loses for the kind of question, whatever its words. */
function suitability({ text }: Unit, kind: QuestionKind, inParagraph: boolean): number {
  let bonus = 0;
  if (
    /^(?:for (?:more|further|details)|see\b|refer to\b|please (?:see|refer)|you can also|click)|\bhere\b|\b(?:figures?|images?) (?:below|above|\d)|…/iu.test(
      text,
    )
  ) {
    bonus -= 0.3;
  }
  if (inParagraph && DANGLING.test(text)) bonus -= 0.15;
  if (text.endsWith('?')) bonus -= 0.2;
  if (kind === 'what' && /\b(?:is|are|means?|refers? to|defines?|describes?|stands for)\b/iu.test(text))
    bonus += 0.15;
  if (
    kind === 'why' &&
    /\b(?:because|since|so that|therefore|thus|due to|avoid|prevents?|otherwise|caused?|in order to)\b/iu.test(
      text,
    )
  ) {
    bonus += 0.2;
  }
  return bonus;
}

/** Openings that point at the sentence before. */
const DANGLING =
  /^(?:it|this|these|those|they|such|however|therefore|thus|also|then|in addition|additionally|otherwise|for example)\b/iu;

function dangling(unit: Unit | undefined): boolean {
  return unit !== undefined && DANGLING.test(unit.text);
}

function sameWords(a: RankedUnit, b: RankedUnit): boolean {
  if (a.unit.text === b.unit.text) return true;
  const common = [...a.terms].filter((term) => b.terms.has(term)).length;
  return common >= 3 && common / (a.terms.size + b.terms.size - common) >= SAME;
}

function wordsIn({ text }: Unit): number {
  return text.split(' ').length;
}
