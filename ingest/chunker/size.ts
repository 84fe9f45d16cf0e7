// How big a text is for an encoder, without asking one.

/** Tokens a chunk aims at: about 200 words of technical prose, what small encoders were trained on. */
export const TARGET_TOKENS = 260;

/** Tokens no chunk exceeds, so that title and headings still fit in front of it in a window of 512. */
export const MAX_TOKENS = 400;

const RUN = /[A-Za-z]+|[0-9]+|[^\sA-Za-z0-9]/g;

/** Letters per word piece in identifiers and technical words, and digits per piece. Fitted to a WordPiece vocabulary. */
const LETTERS_PER_PIECE = 7;
const DIGITS_PER_PIECE = 3;

/** About how many word pieces an English WordPiece vocabulary makes of `text`: within a tenth or so on technical prose. */
export function estimateTokens(text: string): number {
  let tokens = 0;
  for (const [run] of text.matchAll(RUN)) {
    const first = run.charCodeAt(0);
    if (first >= 48 && first <= 57) tokens += Math.ceil(run.length / DIGITS_PER_PIECE);
    else tokens += Math.ceil(run.length / LETTERS_PER_PIECE);
  }
  return tokens;
}
