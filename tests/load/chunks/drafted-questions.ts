// Questions drafted from documents by rule, so that a choice does not fit one set of questions alone.
import type { RootContent } from 'mdast';
import { toString as plainText } from 'mdast-util-to-string';
import { sentences } from '../../../ingest/chunker/split-text.js';
import { writeMarkdown } from '../../../ingest/chunker/write-markdown.js';
import { seededRandom } from '../../../src/evaluation/bootstrap.js';
import { termsOf } from '../../../src/retrieval/lexical.js';
import type { Question } from './coverage.js';
import type { ReadDocument } from './cut.js';

/** Words of a section that can be asked about: one worth finding, and not a chapter. */
const SHORTEST_SECTION = 40;
const LONGEST_SECTION = 400;

/** Words of a sentence that can be made a question. */
const SHORTEST_SENTENCE = 8;
const LONGEST_SENTENCE = 30;

/**
 * One question for each of `count` sections drawn from the documents: every other content word of one of its sentences, as
 * someone asks who remembers half of it. The gold text is the whole section (`section`) or the sentence's paragraph.
 */
export function draftQuestions(
  documents: readonly ReadDocument[],
  count: number,
  gold: 'section' | 'paragraph',
): Question[] {
  const random = seededRandom(7);
  const drafts = documents
    .flatMap(({ parsed }) => sectionsOf(parsed.tree.children))
    .flatMap((nodes) => {
      const candidates = nodes.flatMap(sentencesToAsk);
      const chosen = candidates[Math.floor(random() * candidates.length)];
      const section = nodes.map(writeMarkdown).join('\n\n');
      const words = section.split(/\s+/).length;
      if (chosen === undefined || words < SHORTEST_SECTION || words > LONGEST_SECTION) return [];
      const text = halfOf(chosen.sentence);
      return [{ text, golds: [gold === 'section' ? section : chosen.paragraph], order: random() }];
    });
  return drafts
    .sort((a, b) => a.order - b.order)
    .slice(0, count)
    .map(({ text, golds }) => ({ text, golds }));
}

/** What stands between one heading and the next. */
function sectionsOf(nodes: readonly RootContent[]): RootContent[][] {
  const sections: RootContent[][] = [[]];
  for (const node of nodes) {
    if (node.type === 'heading') sections.push([]);
    else sections.at(-1)?.push(node);
  }
  return sections;
}

function sentencesToAsk(node: RootContent): { sentence: string; paragraph: string }[] {
  if (node.type !== 'paragraph') return [];
  const paragraph = plainText(node);
  return sentences(paragraph)
    .filter((sentence) => {
      const words = sentence.trim().split(/\s+/).length;
      return words >= SHORTEST_SENTENCE && words <= LONGEST_SENTENCE && contentWords(sentence).length >= 6;
    })
    .map((sentence) => ({ sentence, paragraph }));
}

function halfOf(sentence: string): string {
  return contentWords(sentence)
    .filter((_, at) => at % 2 === 0)
    .join(' ');
}

function contentWords(sentence: string): string[] {
  return (sentence.match(/[\p{L}\p{N}_]+/gu) ?? []).filter((word) => termsOf(word).length > 0);
}
