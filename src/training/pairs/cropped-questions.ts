// A sentence of the passage as the question: the asker says what he knows, and looks for the rest.
import { type Draft, type Random, shuffled } from './draft.js';
import type { PassageView } from './passage-view.js';
import { contentWords, isFunctionWord, wordCount } from './phrases.js';

const MOST = 3;
const SHORTEST = 6;
const LONGEST = 28;

export function croppedQuestions(view: PassageView, random: Random): Draft[] {
  const told = [...view.sentences, ...view.entries.flatMap(({ sentences }) => sentences)];
  return shuffled(random, told)
    .filter(({ text }) => isUsable(text))
    .slice(0, MOST)
    .map(({ text, raw }) => ({
      kind: 'cropped',
      chunk: view.at,
      question: cropped(text, random),
      source: raw,
    }));
}

function isUsable(text: string): boolean {
  const outsideCode = text.replace(/`[^`]*`/g, 'x');
  const words = wordCount(text);
  if (words < SHORTEST || words > LONGEST || contentWords(text) < 4) return false;
  if (/[|{}<>$\\=~^]|https?:|TBC|TBD|\.\.\./u.test(outsideCode)) return false;
  if (
    /\b(?:as follows|following|below|above|here|click|this page|this (?:section|document|chapter|file|folder))\b/iu.test(
      text,
    )
  )
    return false;
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  return (
    letters > 0.7 * text.replace(/\s/g, '').length &&
    /\s(?:the|a|an|is|are|to|of|for|be|with|by|that|can|must|will)\s/u.test(text)
  );
}

/** The sentence whole, a stretch of it, or only its telling words: the ways people type what they look for. */
function cropped(text: string, random: Random): string {
  const bare = text.replace(/[.!:;]+$/u, '');
  const words = bare.split(' ');
  const way = random();
  if (way < 0.55 || words.length < 9) return bare;
  if (way < 0.8) {
    const length = Math.min(words.length, 6 + Math.floor(random() * 7));
    const start = Math.floor(random() * (words.length - length + 1));
    const stretch = words
      .slice(start, start + length)
      .join(' ')
      .replace(/^[,;)\s]+|[,;(\s]+$/gu, '');
    // Not in the middle of a name in backticks.
    if ((stretch.match(/`/g)?.length ?? 0) % 2 === 0 && contentWords(stretch) >= 3) return stretch;
    return bare;
  }
  const telling = bare
    .replace(/[^\p{L}\p{N}_` -]/gu, '')
    .split(' ')
    .filter((word) => !isFunctionWord(word) || word.includes('`'));
  return telling.slice(0, 9).join(' ');
}
