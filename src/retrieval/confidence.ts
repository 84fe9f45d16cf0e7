// How sure the retriever is that what it found is about the question.
import type { HitList } from './index-port.js';
import { termsOf } from './lexical.js';
import type { Passage } from './passage.js';

export function confidenceOf(
  question: string,
  passages: readonly Passage[],
  lists: { readonly dense: HitList; readonly lexical: HitList },
): number {
  const terms = new Set(termsOf(question).filter((term) => !term.includes(' ')));
  if (terms.size === 0 || passages.length === 0) return 0;
  void lists;
  const found = new Set(passages.flatMap((passage) => termsOf(passage.text)));
  return [...terms].filter((term) => found.has(term)).length / terms.size;
}
