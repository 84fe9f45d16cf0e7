// The lexical side: text to weighted terms. The same code runs at ingest and for a question, for every index.
//
// BM25 (Robertson and Zaragoza 2009) over stemmed words and adjacent-word pairs, with the heading path as a field of its own.
// An index sums idf x query weight x chunk weight over the shared terms; the chunk weight is BM25's saturated term
// frequency, so it needs no knowledge of the other chunks and can be stored once.
import { stemmer } from 'stemmer';
import type { SparseVector } from './index-port.js';

/** Part of every index's identity: change it when the same text would give other terms or weights. */
export const LEXICAL_VERSION = 1;

/** BM25's saturation and length normalisation, the values of the literature. */
const K1 = 1.2;
const B = 0.75;
/**
 * Length (in terms, pairs included) that counts as average. Fixed rather than measured, so that a chunk's weights never depend
 * on what else is in the index; measured on three collections, a fixed value costs nothing (see docs/retrieval.md).
 */
const TYPICAL_TEXT_TERMS = 200;
const TYPICAL_HEADING_TERMS = 8;

const STOP_WORDS = new Set(
  (
    'a an and are as at be been but by can could did do does for from had has have how i if in into is it its may me my of on ' +
    'one or our should so such than that the their them then there these they this to use used using was we were what when ' +
    'where which who why will with would you your'
  ).split(' '),
);

const WORD = /[\p{L}\p{N}_]+(?:[.:]{1,2}[\p{L}\p{N}_]+)*/gu;

/** Longer "words" are data (hashes, base64), not vocabulary. */
const LONGEST_WORD = 64;

/**
 * The terms of a text, in order: stems without stop words; `snake_case` and `dotted.names` whole as well as in parts; and each
 * pair of neighbouring stems, joined by a space.
 */
export function termsOf(text: string): string[] {
  const terms: string[] = [];
  let previous: string | undefined;
  for (const [match] of text.normalize('NFKC').matchAll(WORD)) {
    if (match.length > LONGEST_WORD) continue;
    const word = match.toLowerCase();
    const parts = word.split(/[_.:]+/).filter((part) => part !== '');
    if (parts.length > 1) terms.push(word);
    for (const part of parts) {
      if (STOP_WORDS.has(part)) continue;
      const stem = stemmer(part);
      terms.push(stem);
      if (previous !== undefined) terms.push(`${previous} ${stem}`);
      previous = stem;
    }
  }
  return terms;
}

/** Weighted terms of a chunk: its text, and its heading line (title and headings) as a second field. */
export function chunkTerms(headings: string, text: string): SparseVector {
  const weights = new Map<number, number>();
  addField(weights, text, TEXT_FIELD, TYPICAL_TEXT_TERMS);
  addField(weights, headings, HEADING_FIELD, TYPICAL_HEADING_TERMS);
  return toSparseVector(weights);
}

/** What of a question's terms is searched; all of it, but for measuring what each part adds. */
export interface QuestionParts {
  /** Pairs of neighbouring words. */
  readonly pairs?: boolean;
  /** The title and the headings above a chunk. */
  readonly headings?: boolean;
}

/** Weighted terms of a question: each of its terms once, in both fields. */
export function questionTerms(
  question: string,
  { pairs = true, headings = true }: QuestionParts = {},
): SparseVector {
  const weights = new Map<number, number>();
  for (const term of termsOf(question)) {
    if (!pairs && term.includes(' ')) continue;
    weights.set(termId(TEXT_FIELD, term), 1);
    if (headings) weights.set(termId(HEADING_FIELD, term), 1);
  }
  return toSparseVector(weights);
}

/** BM25's weight of a term that `matching` of `total` chunks hold; never negative. */
export function inverseDocumentFrequency(total: number, matching: number): number {
  return Math.log(1 + (total - matching + 0.5) / (matching + 0.5));
}

const TEXT_FIELD = 't';
const HEADING_FIELD = 'h';

function addField(weights: Map<number, number>, text: string, field: string, typicalTerms: number): void {
  const terms = termsOf(text);
  const counts = new Map<string, number>();
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
  const lengthFactor = K1 * (1 - B + (B * terms.length) / typicalTerms);
  for (const [term, count] of counts) {
    const id = termId(field, term);
    weights.set(id, (weights.get(id) ?? 0) + (count * (K1 + 1)) / (count + lengthFactor));
  }
}

/** FNV-1a, 32 bits: a collision among a million terms merges about a hundred of them, which no ranking notices. */
function termId(field: string, term: string): number {
  let hash = 0x811c9dc5;
  const key = `${field}\u0000${term}`;
  for (let at = 0; at < key.length; at++) {
    hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  }
  return hash >>> 0;
}

function toSparseVector(weights: ReadonlyMap<number, number>): SparseVector {
  const ids = Uint32Array.from(weights.keys()).sort();
  return { ids, weights: Float32Array.from(ids, (id) => weights.get(id) ?? 0) };
}
