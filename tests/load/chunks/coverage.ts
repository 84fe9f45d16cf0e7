// How much of what a question needs is in the passages that were found for it.
import { estimateTokens } from '../../../ingest/chunker/size.js';
import type { Parts } from '../../../src/evaluation/ratio.js';
import { termsOf } from '../../../src/retrieval/lexical.js';
import type { HandedOn } from './cut.js';

export interface Question {
  readonly text: string;
  /** The texts that answer it: one for each of its needs. */
  readonly golds: readonly string[];
}

/** What is looked at: the first passages, or as many as fit into a number of tokens, the last one cut there. */
export type Depth = { readonly passages: number } | { readonly tokens: number };

/** A gold text counts as held when at least this share of its distinct words or word pairs is there. */
const HALF = 0.5;

/**
 * `together`: questions for which the passages together hold half of the words of a gold text. `one`: a single passage does.
 * `verbatim`: together, half of the pairs of neighbouring words, which other texts on the same subject rarely hold by chance.
 * `needs`: gold texts, of all of them, that are held verbatim. `share`: mean share of a gold text's pairs.
 */
export const KINDS = ['together', 'one', 'verbatim', 'needs', 'share'] as const;
export type Kind = (typeof KINDS)[number];

export type Held = Readonly<Record<Kind, Parts>>;

/** What `passages`, best first, hold of a question's gold texts at a depth. */
export function held(question: Question, passages: readonly HandedOn[], depth: Depth): Held {
  const terms = upTo(passages, depth);
  const all = new Set(terms.flatMap((own) => [...own]));
  const golds = question.golds.map((gold) => {
    const own = [...new Set(termsOf(gold))];
    return {
      words: own.filter((term) => !term.includes(' ')),
      pairs: own.filter((term) => term.includes(' ')),
    };
  });
  const some = (is: (gold: (typeof golds)[number]) => boolean) => ({
    over: golds.some(is) ? 1 : 0,
    under: 1,
  });
  const shares = golds.map(({ pairs }) => shareOf(pairs, all));
  return {
    together: some(({ words }) => shareOf(words, all) >= HALF),
    one: some(({ words }) => terms.some((own) => shareOf(words, own) >= HALF)),
    verbatim: some(({ pairs }) => shareOf(pairs, all) >= HALF),
    needs: { over: shares.filter((share) => share >= HALF).length, under: golds.length },
    share: { over: shares.reduce((sum, share) => sum + share, 0), under: golds.length },
  };
}

/** The terms of each passage down to `depth`. */
function upTo(passages: readonly HandedOn[], depth: Depth): ReadonlySet<string>[] {
  if ('passages' in depth) return passages.slice(0, depth.passages).map(termsIn);
  const terms: ReadonlySet<string>[] = [];
  let room = depth.tokens;
  for (const passage of passages) {
    if (room <= 0) break;
    const size = estimateTokens(passage.text);
    terms.push(size <= room ? termsIn(passage) : new Set(termsOf(head(passage.text, room))));
    room -= size;
  }
  return terms;
}

const known = new WeakMap<HandedOn, ReadonlySet<string>>();

/** A passage is found for many questions. */
function termsIn(passage: HandedOn): ReadonlySet<string> {
  const terms = known.get(passage) ?? new Set(termsOf(passage.text));
  known.set(passage, terms);
  return terms;
}

function head(text: string, tokens: number): string {
  let used = 0;
  let kept = '';
  for (const [word] of text.matchAll(/\s*\S+/g)) {
    used += estimateTokens(word);
    if (used > tokens) break;
    kept += word;
  }
  return kept;
}

function shareOf(wanted: readonly string[], there: ReadonlySet<string>): number {
  return wanted.length === 0 ? 0 : wanted.filter((term) => there.has(term)).length / wanted.length;
}
