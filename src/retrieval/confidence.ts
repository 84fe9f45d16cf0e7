// How sure the retriever is that what it found is about the question.
//
// Cosines mean little by themselves: 0.6 is far for one encoder and near for another, and every index has its own floor. So the best
// score is compared with what questions about other things reach in the same index.
import type { HitList } from './index-port.js';
import { inverseDocumentFrequency, termsOf } from './lexical.js';

/**
 * Questions about other fields, engineering and everyday. What they find is by chance. A few may happen to be about the team's
 * own subject: the scale rests on the middle of them, not on the extremes.
 */
export const STRAY_QUESTIONS: readonly string[] = [
  'How is the lift coefficient of a swept wing measured in a wind tunnel?',
  'What determines the boiling point of a mixture of two liquids?',
  'Which gear ratio suits a bicycle on steep hills?',
  'How do I configure a reverse proxy for a web shop?',
  'What are the symptoms of iron deficiency?',
  'How is the load of a suspension bridge distributed to its towers?',
  'Which sorting algorithm needs the fewest comparisons?',
  'How do I reset the password of my mail account?',
  'What is the gain of an inverting operational amplifier?',
  'How many days of leave may be carried into the next year?',
  'Which metals can be welded with an inert gas?',
  'How does a heat pump reach a high coefficient of performance?',
  'What is the difference between a virus and a bacterium?',
  'How do I train a neural network on images?',
  'Which bearing is used for high axial loads?',
  'When did the first railway line open?',
];

/** What strays reach with their best passage in this index: the middle, and the usual distance from it. */
export interface StrayLevel {
  readonly middle: number;
  readonly spread: number;
}

/** From the best dense score of each stray question. Median and median deviation, so that a few on-topic ones change nothing. */
export function strayLevel(bestScores: readonly number[]): StrayLevel {
  const middle = median(bestScores);
  // 1.4826 makes a median deviation comparable with a standard deviation; the floor keeps a tiny index from a zero.
  const spread = Math.max(0.02, 1.4826 * median(bestScores.map((score) => Math.abs(score - middle))));
  return { middle, spread };
}

export interface Evidence {
  readonly question: string;
  readonly lexical: HitList;
  /** Chunks in the index. */
  readonly chunks: number;
  /** Absent when words alone are searched. */
  readonly dense?: { readonly list: HitList; readonly strays: StrayLevel };
}

/** All words found, in the text and in a heading; beyond that a match says no more. */
const MOST_MATCHED = 2.3;

/**
 * A number from 0 to 1. The coefficients are a logistic fit on 90 answerable and 205 stray questions over an index of EDA manuals,
 * the same for both base encoders: 2 % of the answerable ones fall below one half, and 1 to 2 % of the strays above it; by words
 * alone 4 % and 4 %.
 */
export function confidenceOf({ question, lexical, chunks, dense }: Evidence): number {
  const words = new Set(termsOf(question).filter((term) => !term.includes(' '))).size;
  // What BM25 would give if every word stood in one chunk alone; a word that stands in a heading too can reach more.
  // Not rarer than that: in an index of a few chunks no word that is found could come near, and nothing would be answered.
  const scale = words * inverseDocumentFrequency(chunks, 1);
  const matched = scale > 0 ? Math.min(MOST_MATCHED, (lexical.hits[0]?.score ?? 0) / scale) : 0;
  const evidence = Math.log(0.057 + matched);
  if (dense === undefined) return sigmoid(6.8 * evidence + 0.33 * Math.min(words, 12) + 1.5);
  const top = dense.list.hits[0]?.score ?? 0;
  return sigmoid(2.2 * ((top - dense.strays.middle) / dense.strays.spread) + 2.3 * evidence - 4);
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
