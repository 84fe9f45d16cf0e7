// From the sentences of a manual to phrases a question can be built round: "Sets the density." -> "set the density".
import { ALSO_NOUNS, baseOfGerund, baseOfThird, isBase } from './verbs.js';

/** Longer phrases make no question that anybody would type. Words. */
const LONGEST_PHRASE = 15;

/** What comes after these is an aside, or another sentence. */
const ASIDE =
  /[;:(]|\. |\.$| [-–—] |,? (?:e\.g\.|i\.e\.)|, (?:which|where|so|such as|for example|for instance|that is|including|but|and then|then|thus|with|otherwise|as|therefore|hence|however|since|because|if|unless|when|meaning|examples?|default|typically|usually|namely)\b|,? (?<!\b(?:if|when|that|whether|how|what|where|which|unless|before|after|until|because|while|as) )(?:you|we|one) \p{Ll}+/u;

const CLAUSE =
  /\s(?=(?:by|if|when|because|since|so that|using|unless|while|whenever|as|in order to|before|after|where|which|that|until)\s)|,\s/gu;

/** What points outside the sentence: a question with it asks about nothing. */
const POINTS_AWAY =
  /\b(?:it|its|they|them|their|this|these|those|above|below|following|former|latter|previous|next|as follows|here|such|same|said|shown|figure|table|section|chapter|listed|mentioned|described|another|other|others|both|see|he|she|his|her|tbc|tbd|(?:to|of|in|for|with|on) that)\b/iu;

/** Half a pair of brackets or quotes, markup, formulas, paths: the remains of something that is no prose. */
const REMAINS = /[|{}<>$\\=#~^*"“”]|::|\/\/|\[\^|\bhttps?\b|…/u;

/** A phrase cleaned up for use inside a question, or undefined when no question should hold it. */
export function tidy(text: string, longest = LONGEST_PHRASE): string | undefined {
  let phrase = text.trim().replace(/\s*\([^()]*\)/gu, '');
  const aside = ASIDE.exec(phrase);
  if (aside !== null) phrase = phrase.slice(0, aside.index);
  phrase = phrase.replace(/[\s.,;:!?-]+$/u, '');
  if (wordCount(phrase) > longest) {
    const cuts = [...phrase.matchAll(CLAUSE)]
      .map(({ index }) => index)
      .filter((at) => wordCount(phrase.slice(0, at)) >= 4);
    const cut = cuts.findLast((at) => wordCount(phrase.slice(0, at)) <= longest);
    if (cut === undefined) return undefined;
    phrase = phrase.slice(0, cut).replace(/[\s,]+$/u, '');
  }
  phrase = phrase
    .replace(/\byour\b/giu, 'my')
    .replace(
      /\byou(?= (?:can|are|have|want|need|should|may|must|will|do|did|could|would|know|use|see|like|wish|run|make|get|add|set|call|write|choose|only|also|already|just|\p{Ll}+n['’]t|\p{Ll}+ed)\b)/giu,
      'I',
    )
    .replace(/\byou(?=['’])/giu, 'I')
    .replace(/\byou\b/giu, 'me')
    .replace(/\bwe\b/giu, 'I')
    .replace(/\bI are\b/gu, 'I am')
    .replace(/\bour\b/giu, 'my')
    .replace(
      /\bthe (?:specified|given|provided|selected|desired|corresponding|resulting) /giu,
      'a specific ',
    );
  const outsideCode = phrase.replace(/`[^`]*`/g, 'x');
  if (REMAINS.test(outsideCode) || POINTS_AWAY.test(outsideCode) || /[[\]`]/u.test(outsideCode))
    return undefined;
  if (
    /\b(?:to|of|in|on|for|with|by|from|the|a|an|and|or|as|at|is|are|not|be|into|than|via|using|when|if|that|which|per)$/iu.test(
      phrase,
    )
  )
    return undefined;
  return contentWords(phrase) >= 1 ? phrase : undefined;
}

export function wordCount(text: string): number {
  return text.split(/\s+/u).filter((word) => word !== '').length;
}

const FUNCTION_WORDS = new Set(
  (
    'a about after all also an and any are as at be been before but by can could did do does each every for from had has have how i if in ' +
    'into is it its may me might more most must my no not of on one only or other our out over s should so some such than that the their ' +
    'them then there these they this those through to under until up use used using was we were what when where whether which while who why ' +
    'will with without would you your set get value values new given specific'
  ).split(' '),
);

export function isFunctionWord(word: string): boolean {
  return FUNCTION_WORDS.has(word.toLowerCase());
}

/** Words that say what a question is about. */
export function contentWords(text: string): number {
  return (text.match(/[\p{L}\p{N}_]{2,}/gu) ?? []).filter((word) => !isFunctionWord(word)).length;
}

/**
 * Whether a text is English prose: enough words are words, and enough of those are the small ones that every English sentence needs.
 * Noise, tables of numbers and other languages are not.
 */
export function isEnglishProse(text: string): boolean {
  const tokens =
    text
      .replace(/```[\s\S]*?```/g, ' ')
      .replace(/`[^`]*`/g, ' x ')
      .match(/\S+/gu) ?? [];
  if (tokens.length < 8) return false;
  const words = tokens.filter((token) => /^[("'“]?\p{L}[\p{L}'’-]*[)"'”.,;:!?]*$/u.test(token));
  const small = words.filter((word) => ENGLISH.has(word.toLowerCase().replace(/[^\p{L}]/gu, '')));
  return words.length >= 0.5 * tokens.length && small.length >= 0.15 * words.length;
}

/** Words of which no other language of the alphabet has many. */
const ENGLISH = new Set(
  'the of and to is in that for with this be are by or as on it if from not can will when an which should must has have at was used all'.split(
    ' ',
  ),
);

/** Openings that only introduce what is done. */
const INTRODUCTIONS: readonly RegExp[] = [
  /^(?:a |an |the |optional |boolean |this |simple |command.line )*(?:flag|option|switch|command|function|routine|pass|script|tool|utility|method|procedure|variable|parameter|argument|setting|keyword|attribute|macro|helper)s? (?:is |are |can be |that is |which is )?(?:used )?(?:to|that|which)\s+/iu,
  /^(?:it |this |they )?(?:is |are |can be |may be |must be |should be )?used (?:to|for)\s+/iu,
  /^(?:use|pass|give|specify|add|set|call|run|invoke|apply) (?:this|it|the) ?(?:[\w`-]+ ){0,3}?to\s+/iu,
  /^(?:allows?|enables?|lets?|helps?|permits?|causes?|instructs?|tells?|directs?|forces?)(?: (?:you|us|users?|the users?|one|people|engineers?|designers?|developers?|the \w+|`[^`]+`|\p{Lu}\w+))?(?: to)?\s+(?=\p{L}+\b)/iu,
  /^(?:to|can|will|may|also|optionally|automatically|simply|then|only|first|either|optional[.,:;]?|required[.,:;]?|if (?:set|specified|given|present|true|enabled|used|provided),?)\s+/iu,
];

/** The noun that a sentence about a command or an option begins with. */
const SUBJECT =
  /^(?:this|the|a|an)\s+(?:[\w`.:/-]+\s+){0,3}?(?:command|option|pass|function|routine|utility|tool|script|method|macro|switch|flag|variable|argument|statement|attribute|parameter|target|module|class|keyword|setting|mode|button|menu|page|field|property|directive|plugin|program|api|service|step|stage|algorithm|engine|flow)s?\s+/iu;

const NAMED_SUBJECT =
  /^(?:the )?`[^`]+`(?: (?:command|option|pass|function|routine|utility|tool|script|method|flag|variable|argument|statement|attribute|parameter|switch|macro|target|keyword))?\s+/iu;

/**
 * What a sentence says is done, as a command: "This command sets the density." -> "set the density". `isDescription`: it describes an
 * option or a command, so that a verb at its beginning is one even where the word is a noun as well.
 */
export function actionOf(sentence: string, isDescription = false): string | undefined {
  let text = sentence.trim();
  // "To set the load, call ...": the purpose, without what is done for it.
  if (/^(?:in order )?to \p{Ll}+ /iu.test(text)) text = text.replace(/, .*$/u, '');
  let introduced = false;
  for (let round = 0; round < 3; round++) {
    const before = text;
    for (const introduction of INTRODUCTIONS) {
      const rest = text.replace(introduction, '');
      if (rest !== text && startsWithVerb(rest, true) !== undefined) {
        text = rest;
        introduced = true;
      }
    }
    for (const subject of [SUBJECT, NAMED_SUBJECT]) {
      const rest = text.replace(subject, '');
      if (
        rest !== text &&
        (startsWithVerb(rest, false) !== undefined || INTRODUCTIONS.some((one) => one.test(rest)))
      ) {
        text = rest;
        introduced = true;
      }
    }
    if (text === before) break;
  }
  const instructing = isDescription
    ? /^(?:set|use|skip|force|report|show|run|check|match|mark|limit|place|dump)(?= )/iu.exec(text)?.[0]
    : undefined;
  const verb =
    instructing !== undefined
      ? { base: instructing.toLowerCase(), length: instructing.length }
      : startsWithVerb(text, introduced || /^\p{Lu}/u.test(text));
  if (verb === undefined) return undefined;
  const object = text.slice(verb.length);
  // "Set." or "List of names": no object, or the verb was a noun.
  if (
    !/^\s+[\p{L}`\d]/u.test(object) ||
    /^\s+(?:of|is|are|was|will|can|must|should|may|has|that|which|to be)\b/iu.test(object)
  )
    return undefined;
  if (DULL.has(verb.base)) return undefined;
  const action = tidy(`${verb.base}${object}`);
  return action === undefined || SENTENCE.test(action) ? undefined : action;
}

/** "Pull requests can be made": the verb was a noun, and a sentence follows. */
const SENTENCE =
  /^(?:(?!(?:that|which|who|if|when|whether|how|what|where|while|as|until|unless|because)\b)\S+ )+(?:is|are|was|were|can|will|has|have|must|should|does|do|may)\b/u;

/** Verbs that lead to no task anybody has. */
const DULL = new Set(
  'see take refer note contain represent indicate consider require expect occur come go do know present cause fail rely contribute include return provide support describe explain depend follow'.split(
    ' ',
  ),
);

interface FoundVerb {
  readonly base: string;
  /** Of the verb as it stands. */
  readonly length: number;
}

function startsWithVerb(text: string, alsoBase: boolean): FoundVerb | undefined {
  const word = /^\p{L}+(?=\s)/u.exec(text)?.[0];
  if (word === undefined) return undefined;
  const third = baseOfThird(word);
  if (third !== undefined) {
    // "Sets of names", "limits are": a plural noun.
    const rest = text.slice(word.length);
    if (
      ALSO_NOUNS.has(third) &&
      !/^\s+(?:(?:the|a|an|all|any|how|whether|up|each|every|my|your|its|one|on|off|out)\b|`)/iu.test(rest)
    )
      return undefined;
    return { base: third, length: word.length };
  }
  if (!alsoBase || !isBase(word)) return undefined;
  const rest = text.slice(word.length);
  const clear =
    /^\s+(?:the|a|an|all|any|how|whether|each|every|my|your|up|on|off|out|in|which|`|\p{Ll}+s\b|\p{Ll}+ing\b)/u.test(
      rest,
    );
  return ALSO_NOUNS.has(word.toLowerCase()) && !clear
    ? undefined
    : { base: word.toLowerCase(), length: word.length };
}

/** A gerund phrase as a command: "Configuring the cluster" -> "configure the cluster". */
export function actionOfGerund(text: string): string | undefined {
  const word = /^\p{L}+(?=\s)/u.exec(text)?.[0];
  const base = word === undefined ? undefined : baseOfGerund(word);
  return base === undefined || word === undefined ? undefined : tidy(`${base}${text.slice(word.length)}`);
}

const FINITE =
  /\b(?:is|are|was|were|will|can|must|should|may|has|have|does|do|sets?|uses?|if|when|defaults?)\b/iu;

/** What a description names, with its article: "Number of partitions. The default ..." -> "the number of partitions". */
export function thingOf(sentence: string): string | undefined {
  const first = /^\p{L}+/u.exec(sentence)?.[0];
  if (
    first === undefined ||
    /^(?:flag|if|when|see|default|note|allowed|optional|for|to|in|on|not|used|same|only|this|these|it|true|false|boolean|string|integer|float|deprecated|removed)$/iu.test(
      first,
    )
  )
    return undefined;
  const phrase = tidy(sentence, 11);
  if (phrase === undefined || wordCount(phrase) < 2 || contentWords(phrase) < 2) return undefined;
  if (phrase.split(' ').some((word) => isThirdOnly(word))) return undefined;
  if (
    FINITE.test(phrase.replace(/^(?:set|use)\b/iu, 'x')) ||
    baseOfThird(first) !== undefined ||
    (isBase(first) && !ALSO_NOUNS.has(first.toLowerCase()))
  )
    return undefined;
  const lowered = lowerFirst(phrase);
  return /^(?:the|a|an|all|any|each|whether|how|which|where)\b/iu.test(lowered) ? lowered : `the ${lowered}`;
}

function isThirdOnly(word: string): boolean {
  const base = baseOfThird(word);
  return base !== undefined && !ALSO_NOUNS.has(base);
}

/** Lower-cases the first word of a sentence unless it is a name: as far as its form tells, or as `lowered` knows. */
export function lowerFirst(text: string, lowered: (word: string) => string = asFormTells): string {
  const first = /^\S+/u.exec(text)?.[0] ?? '';
  return `${lowered(first)}${text.slice(first.length)}`;
}

function asFormTells(word: string): string {
  return /^(?:\p{Lu}\p{Ll}+|A)[,:]?$/u.test(word) ? word.toLowerCase() : word;
}

export function upperFirst(text: string): string {
  return /^[`-]/.test(text) ? text : `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
