// A passage prepared for asking: its parts, its topics, and the words of its corpus.

import { termsOf } from '../../retrieval/lexical.js';
import type { CorpusChunk } from '../corpus.js';
import type { Random } from './draft.js';
import { type PassageParts, partsOf } from './passage-parts.js';
import { inContext, isPlace, type Topic, topicsOf } from './topics.js';
import type { Vocabulary } from './vocabulary.js';

export interface PassageView extends PassageParts {
  /** Position in the corpus. */
  readonly at: number;
  readonly chunk: CorpusChunk;
  /** Innermost first; the page's title last. */
  readonly topics: readonly Topic[];
  readonly vocabulary: Vocabulary;
}

/** `isArticle`: its document is short enough for the title to say what the passage is about. */
export function viewOf(
  chunk: CorpusChunk,
  at: number,
  vocabulary: Vocabulary,
  isArticle = true,
): PassageView {
  return { ...partsOf(chunk.text), at, chunk, topics: topicsOf(chunk, isArticle), vocabulary };
}

/**
 * The topic as the end of a question that says `said` already, or nothing: questions that need it always get it where there is one,
 * others now and then.
 */
export function contextOf(
  { topics, vocabulary }: PassageView,
  random: Random,
  said: string,
  needed: boolean,
): string {
  if (!needed && random() < 0.55) return '';
  const words = wordsOf(said);
  const topic = topics.find((one) => isPlace(one) && [...wordsOf(one.text)].some((word) => !words.has(word)));
  if (topic === undefined) return '';
  // "repair timing when repairing timing paths" says everything twice.
  const own = [...wordsOf(topic.text)];
  const known = own.filter((word) => words.has(word)).length;
  return 2 * known > own.length ? '' : inContext(topic, vocabulary.lowered);
}

function wordsOf(text: string): Set<string> {
  return new Set(termsOf(text).filter((term) => !term.includes(' ')));
}
