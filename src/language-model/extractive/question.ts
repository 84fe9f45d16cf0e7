// What a question asks for: its kind, its needs, and how much each of its words matters.
import { termsOf } from '../../retrieval/lexical.js';

/** Decides which kind of unit answers best. */
export type QuestionKind = 'how' | 'what' | 'which' | 'why' | 'other';

/** Term to weight, before any weight for rarity. */
export type Terms = ReadonlyMap<string, number>;

/** One thing that is asked for. */
export interface Asked {
  /** The part of the question that asks for it; the whole question when it asks for one thing only. */
  readonly text: string;
  readonly terms: Terms;
  /** Those of the terms that name something, options too: a title that holds one is about it. */
  readonly names: ReadonlySet<string>;
}

export interface Question {
  readonly kind: QuestionKind;
  /** All terms. Empty when the question has no word that carries meaning. */
  readonly terms: Terms;
  /** Options it names with their dash, in lower case and without it. */
  readonly flags: ReadonlySet<string>;
  /** In the order asked; at least one. */
  readonly needs: readonly Asked[];
}

/** Words of asking, not of the subject. Stems, on top of the stop words of the lexical side. */
const ASKING = new Set(
  termsOf(
    'about according achieve accomplish after afterwards all also am and any assume assuming available before best both case ' +
      'certain command correctly desire different do does done engineer ensure especially every example experienced explain facilitate ' +
      'first following further give given go going guide have help how however implement interested issue know like ' +
      'look made make me mean means method need needs next not now order perform please possible possibly problem proceed process ' +
      'properly provide question reason recommend same scenario should some someone somebody specific specifically ' +
      'steps step successfully suppose take task tell thanks then thing time together tool try trying understand ' +
      'user users using utilize various via want wants way ways well whether while wish within without',
  ).filter((term) => !term.includes(' ')),
);

const WEIGHT = {
  /** `snake_case`, `dotted.name`, `namespace::name`, `WIDTHEXPAND`, `GRT-0119`: hardly ever there by chance. */
  name: 3,
  /** `-flag`. */
  flag: 2,
  word: 1,
  /** Two words side by side in both. */
  pair: 0.5,
};

const BETWEEN_SENTENCES = /(?<=[.?!])\s+(?=\p{Lu})/u;
const BETWEEN_CLAUSES =
  /[;,:](?:\s|$)|\b(?:and|then|before|after|afterwards|also|as well as)\b|\b(?=in order to|so that|to (?:help|avoid|ensure|improve|enhance)\b)/iu;

/** A sentence without any of these tells what happened, not what is asked. */
const ASKS =
  /\?|\b(?:how|what|which|why|where|when|who|want|wants|wish|wishes|need|needs|like to|desires?|decide|trying|tries|proceeds?|should|must|please|explain|show|list|finally|next)\b/iu;

/** Clauses that open like this say under which circumstances. */
const SETS_THE_SCENE =
  /^\s*(?:given|suppose|supposing|assume|assuming|in (?:a|my|the|certain|this)\b|when|whenever|while|during|once|after|before|if|in order to|so that|to (?:help|avoid|ensure|improve|enhance)\b|as an?\b|for the \w+ (?:platform|tool|application))/iu;

/** The rest of the question weighs at most this share of a need: it says what the need is about. */
const CONTEXT = 0.25;

/** A clause with less than this is part of its neighbour. */
const FEWEST_WORDS_OF_A_NEED = 2;

/** How much the question before counts when this one hardly says anything ("and for hold?"). */
const CARRIED_OVER = 0.4;

export function readQuestion(text: string, history: readonly { readonly question: string }[] = []): Question {
  const codes = codesIn(text);
  const terms = weighted(text, codes);
  const before = history.at(-1);
  if (before !== undefined && wordCount(terms) <= FEWEST_WORDS_OF_A_NEED)
    addMissing(terms, weighted(before.question, codesIn(before.question)), CARRIED_OVER);

  const names = new Set([...terms.keys()].filter((term) => isName(term, codes)));
  const flags = flagsOf(text);
  const named = new Set([...names, ...termsOf([...flags].join(' '))]);
  const namesAmong = (some: Terms) => new Set([...some.keys()].filter((term) => named.has(term)));
  const needs: { text: string; terms: Map<string, number> }[] = [];
  for (const sentence of text.split(BETWEEN_SENTENCES)) {
    if (!ASKS.test(sentence)) continue;
    for (const clause of sentence.split(BETWEEN_CLAUSES)) {
      const own = weighted(clause, codes);
      const last = needs.at(-1);
      if (SETS_THE_SCENE.test(clause)) continue;
      if (last !== undefined && Math.min(wordCount(own), wordCount(last.terms)) < FEWEST_WORDS_OF_A_NEED) {
        addMissing(last.terms, own, 1);
        last.text = `${last.text} ${clause.trim()}`.trim();
      } else {
        needs.push({ text: clause.trim(), terms: own });
      }
    }
  }
  const kind = kindOf(text);
  if (needs.length < 2) return { kind, terms, flags, needs: [{ text, terms, names: namesAmong(terms) }] };
  return {
    kind,
    terms,
    flags,
    needs: needs.map((need) => {
      const inItsContext = inContext(need.terms, terms, names);
      return { text: need.text, terms: inItsContext, names: namesAmong(inItsContext) };
    }),
  };
}

/** A need, and the rest of the question as far as `CONTEXT` allows. The only name is what all of it is about. */
function inContext(need: Terms, question: Terms, names: ReadonlySet<string>): Terms {
  const context = Array.from(question).filter(([term]) => !need.has(term));
  const room = CONTEXT * total(need.values());
  const whole = total(context.map(([, weight]) => weight));
  const result = new Map(need);
  for (const [term, weight] of context) result.set(term, weight * Math.min(CONTEXT, room / whole));
  if (names.size === 1) for (const term of names) result.set(term, WEIGHT.name);
  return result;
}

function total(weights: Iterable<number>): number {
  let sum = 0;
  for (const weight of weights) sum += weight;
  return sum;
}

/** Adds what `terms` does not hold yet, at `share` of its weight. */
function addMissing(terms: Map<string, number>, more: Terms, share: number): void {
  for (const [term, weight] of more) if (!terms.has(term)) terms.set(term, weight * share);
}

function kindOf(question: string): QuestionKind {
  if (/\bhow (?:can|could|do|does|should|to|would)\b/iu.test(question)) return 'how';
  if (/\bwhy\b|\breasons?\b|\bcauses?\b/iu.test(question)) return 'why';
  if (/\bhow (?:many|much|long|often|large|big|far)\b/iu.test(question)) return 'other';
  if (
    /\bhow\b|\bsteps?\b|\bway to\b|\bsequence of\b|\bprocedure\b|\bcommands?\b|\bsyntax\b|\bguide me\b/iu.test(
      question,
    )
  )
    return 'how';
  if (
    /\b(?:which|what|list|all)\b[^.?]*\b(?:options|flags|parameters|arguments|switches|values|settings|variables|types)\b/iu.test(
      question,
    )
  ) {
    return 'which';
  }
  if (/\bwhat(?:'s| is| are| does| do)\b|\bmeaning of\b|\bdefine\b|\bdifference between\b/iu.test(question))
    return 'what';
  return 'other';
}

/** The terms of a text; `codes` are those of the whole question. */
function weighted(text: string, codes: ReadonlySet<string>): Map<string, number> {
  const flagTerms = new Set([...flagsOf(text)].flatMap((flag) => termsOf(flag)));
  const weights = new Map<string, number>();
  for (const term of termsOf(text)) {
    if (term.includes(' ')) {
      const [left = '', right = ''] = term.split(' ');
      if (!ASKING.has(left) && !ASKING.has(right)) weights.set(term, WEIGHT.pair);
    } else if (isName(term, codes)) {
      weights.set(term, WEIGHT.name);
    } else if (flagTerms.has(term)) {
      weights.set(term, WEIGHT.flag);
    } else if (!ASKING.has(term)) {
      weights.set(term, WEIGHT.word);
    }
  }
  return weights;
}

function flagsOf(text: string): Set<string> {
  const named = text.matchAll(/(?<![\p{L}\p{N}])--?(\p{L}[\p{L}\p{N}_]*)/gu);
  return new Set(Array.from(named, ([, name = '']) => name.toLowerCase()));
}

/** Codes of messages: `GRT-0119`, and `WIDTHEXPAND` where a message is spoken of. Elsewhere capitals are mostly abbreviations. */
const NUMBERED_CODE = /(?<![\p{L}\p{N}_])\p{Lu}{2,6}-\d{3,6}(?![\p{L}\p{N}_])/gu;
const CODE_IN_CAPITALS = /(?<![\p{L}\p{N}_])\p{Lu}[\p{Lu}\p{N}]{3,}(?![\p{L}\p{N}_])/gu;
const ABOUT_A_MESSAGE = /%\p{L}+-|\b(?:warnings?|errors?|messages?)\b/iu;

/** The terms of the codes that a question holds. */
function codesIn(question: string): Set<string> {
  const codes = [
    ...(question.match(NUMBERED_CODE) ?? []),
    ...(ABOUT_A_MESSAGE.test(question) ? (question.match(CODE_IN_CAPITALS) ?? []) : []),
  ];
  return new Set(codes.flatMap((code) => termsOf(code)));
}

function isName(term: string, codes: ReadonlySet<string>): boolean {
  return !term.includes(' ') && (/[_.:]/u.test(term) || codes.has(term));
}

function wordCount(terms: Terms): number {
  let count = 0;
  for (const term of terms.keys()) if (!term.includes(' ')) count += 1;
  return count;
}
