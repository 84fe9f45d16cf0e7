// A question with several needs, taken apart: "set X and then report Y" asks for two passages.

/** Shorter parts say too little to be searched by themselves. Words. */
const SHORTEST_CLAUSE = 3;

/** More parts than this are a pasted text, not a question. */
const MOST_CLAUSES = 5;

const BOUNDARY = /[.?!;,:](?=\s|$)|\b(?:and then|and|then|or|but)\b/iu;

/**
 * The parts of a question that can be searched by themselves, in order; empty when it has only one need. Splitting a question
 * with one need gains nothing, so parts that are too short stay unsearched rather than being glued to a neighbour.
 */
export function clausesOf(question: string): string[] {
  const parts = question
    .split(BOUNDARY)
    .map((part) => part.trim())
    .filter((part) => part.split(/\s+/u).length >= SHORTEST_CLAUSE);
  return parts.length < 2 ? [] : parts.slice(0, MOST_CLAUSES);
}
