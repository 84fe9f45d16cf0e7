// Cuts a text that is too long for one chunk: at sentence ends, else between words, else anywhere.
import { estimateTokens } from './size.js';

const SENTENCES = new Intl.Segmenter('en', { granularity: 'sentence' });
const ABBREVIATION =
  /(?:^|[\s([{])(?:e\.g|i\.e|cf|vs|etc|approx|resp|incl|fig|figs|eq|eqs|sec|ch|no|nos|vol|p|pp|ref|refs|al|dr|mr|ms|st)\.\s*$/i;

/** The sentences of `text`, in order and complete; "e.g." ends none, and neither does a stop inside `code`. */
export function sentences(text: string): string[] {
  const found: string[] = [];
  let open = '';
  for (const { segment } of SENTENCES.segment(text)) {
    open += segment;
    const inCode = (open.match(/`/g)?.length ?? 0) % 2 === 1;
    if (inCode || ABBREVIATION.test(open)) continue;
    found.push(open);
    open = '';
  }
  if (open !== '') found.push(open);
  return found;
}

/** Pieces of at most about `limit` tokens each that give `text` again when joined. */
export function splitText(text: string, limit: number): string[] {
  return sentences(text).flatMap((sentence) =>
    estimateTokens(sentence) <= limit ? [sentence] : fill(sentence.match(/\s*\S+\s*/g) ?? [], limit),
  );
}

/** Words packed into pieces; a word longer than a piece is cut between characters. */
function fill(words: readonly string[], limit: number): string[] {
  const pieces: string[] = [];
  let open = '';
  let tokens = 0;
  for (const word of words.flatMap((word) => cutWord(word, limit))) {
    const size = estimateTokens(word);
    if (open !== '' && tokens + size > limit) {
      pieces.push(open);
      open = '';
      tokens = 0;
    }
    open += word;
    tokens += size;
  }
  if (open !== '') pieces.push(open);
  return pieces;
}

/** A run of characters makes at most one token of each, so `limit` characters are never over the limit. */
function cutWord(word: string, limit: number): string[] {
  if (estimateTokens(word) <= limit) return [word];
  const characters = [...word];
  const pieces: string[] = [];
  for (let at = 0; at < characters.length; at += limit)
    pieces.push(characters.slice(at, at + limit).join(''));
  return pieces;
}
