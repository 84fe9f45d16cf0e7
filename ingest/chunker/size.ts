// How big a text is for an encoder, without asking one.

/** How big chunks become. All in tokens. */
export interface ChunkSizes {
  /** What a chunk aims at. */
  readonly target: number;
  /** What no chunk exceeds. */
  readonly max: number;
  /** A section up to this stays in one chunk, with everything below it. */
  readonly whole: number;
  /** A section up to this may share a chunk with neighbours of its size. */
  readonly tiny: number;
}

/**
 * Chosen by measurement (docs/chunking.md). A target of about 200 words of technical prose is what small encoders were
 * trained on; below the maximum, title and headings still fit in front in a window of 512.
 */
export const CHUNK_SIZES: ChunkSizes = { target: 260, max: 400, whole: 400, tiny: 60 };

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
