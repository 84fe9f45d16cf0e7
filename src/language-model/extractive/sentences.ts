// Where a sentence of technical prose ends.
import type { InlineText } from './inline.js';

const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' });

/** Endings after which a sentence goes on although the Unicode rules see an end. */
const GOES_ON =
  /(?:^|[\s(])(?:e\.g|i\.e|vs|cf|fig|figs|eq|sec|no|nos|approx|resp|incl|ref|ch|vol|al|dr|mr|ms|st|[A-Za-z])\.\s*$/iu;

/** Longer stretches without a full stop (logs, word lists) are cut between words, so that no unit fills an answer. */
const LONGEST_SENTENCE = 600;

/** The sentences of a paragraph as Markdown, in order, none empty. */
export function sentences({ markdown, mask }: InlineText): string[] {
  const found: string[] = [];
  let start = 0;
  let end = 0;
  const flush = (): void => {
    let rest = markdown.slice(start, end).trim();
    while (rest.length > LONGEST_SENTENCE) {
      const space = rest.lastIndexOf(' ', LONGEST_SENTENCE);
      const cut = space > 0 ? space : LONGEST_SENTENCE;
      found.push(rest.slice(0, cut));
      rest = rest.slice(cut).trim();
    }
    found.push(rest);
    start = end;
  };
  for (const { segment } of segmenter.segment(mask)) {
    end += segment.length;
    const next = mask.slice(end, end + 1);
    if (GOES_ON.test(mask.slice(start, end)) || /^[\p{Ll},;)]/u.test(next)) continue;
    flush();
  }
  flush();
  return found.filter((sentence) => /[\p{L}\p{N}]/u.test(sentence));
}
