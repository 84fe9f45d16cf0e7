// What a question asks for: its kind, its needs, and how much each of its words matters.
import { termsOf } from '../../retrieval/lexical.js';

/** Decides which kind of unit answers best. */
export type QuestionKind = 'how' | 'what' | 'which' | 'why' | 'other';

/** Term to weight, before any weight for rarity. */
export type Terms = ReadonlyMap<string, number>;

export interface Question {
  readonly kind: QuestionKind;
  /** All terms. Empty when the question has no word that carries meaning. */
  readonly terms: Terms;
  /** One per thing asked for, in the order asked; at least one. */
  readonly needs: readonly Terms[];
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
  /** `snake_case`, `dotted.name`, `namespace::name`: hardly ever there by chance. */
  identifier: 3,
  /** `-flag`. */
  flag: 2,
  word: 1,
  /** Two words side by side in both. */
  pair: 0.5,
};

/** Clauses end here. */
const BETWEEN_NEEDS = /[.?!;,:](?:\s|$)|\b(?:and|then|before|after|afterwards|while|also|as well as)\b/iu;

/** A clause with less than this is part of its neighbour. */
const FEWEST_WORDS_OF_A_NEED = 2;

/** How much the question before counts when this one hardly says anything ("and for hold?"). */
const CARRIED_OVER = 0.4;

export function readQuestion(text: string, history: readonly { readonly question: string }[] = []): Question {
  const terms = weighted(text);
  const clauses: Map<string, number>[] = [];
  for (const clause of text.split(BETWEEN_NEEDS)) {
    const own = weighted(clause);
    const last = clauses.at(-1);
    if (
      last !== undefined &&
      (wordCount(own) < FEWEST_WORDS_OF_A_NEED || wordCount(last) < FEWEST_WORDS_OF_A_NEED)
    ) {
      for (const [term, weight] of own) last.set(term, weight);
    } else {
      clauses.push(own);
    }
  }
  const before = history.at(-1);
  if (before !== undefined && wordCount(terms) <= FEWEST_WORDS_OF_A_NEED) {
    for (const [term, weight] of weighted(before.question)) {
      if (!terms.has(term)) terms.set(term, weight * CARRIED_OVER);
    }
    return { kind: kindOf(text), terms, needs: [terms] };
  }
  return { kind: kindOf(text), terms, needs: clauses.length > 1 ? clauses : [terms] };
}

function kindOf(question: string): QuestionKind {
  if (/\bwhy\b|\breasons?\b|\bcauses?\b/iu.test(question)) return 'why';
  if (/\bhow (?:many|much|long|often|large|big|far)\b/iu.test(question)) return 'other';
  if (/\bhow\b|\bsteps?\b|\bway to\b|\bcommands?\b|\bsyntax\b|\bguide me\b/iu.test(question)) return 'how';
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

function weighted(text: string): Map<string, number> {
  const flags = new Set(
    Array.from(text.matchAll(/(?<![\p{L}\p{N}])--?(\p{L}[\p{L}\p{N}_]*)/gu), ([, name = '']) =>
      name.toLowerCase(),
    ),
  );
  const flagTerms = new Set([...flags].flatMap((flag) => termsOf(flag)));
  const weights = new Map<string, number>();
  for (const term of termsOf(text)) {
    if (term.includes(' ')) {
      const [left = '', right = ''] = term.split(' ');
      if (!ASKING.has(left) && !ASKING.has(right)) weights.set(term, WEIGHT.pair);
    } else if (/[_.:]/u.test(term)) {
      weights.set(term, WEIGHT.identifier);
    } else if (flagTerms.has(term)) {
      weights.set(term, WEIGHT.flag);
    } else if (!ASKING.has(term)) {
      weights.set(term, WEIGHT.word);
    }
  }
  return weights;
}

function wordCount(terms: Terms): number {
  let count = 0;
  for (const term of terms.keys()) if (!term.includes(' ')) count += 1;
  return count;
}
