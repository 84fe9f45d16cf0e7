// Small answers and notices of our own words, for tests of everything that shows them.
import type { Answer, Citation, Notice } from '../../src/conversation/answer.js';
import type { SafeMarkdown } from '../../src/safety/sanitise.js';

/** Marks text as safe without cleaning it: the test vouches for it. */
export function safe(text: string): SafeMarkdown {
  return text as SafeMarkdown;
}

/** A citation with link, path and place. */
export function sampleCitation(marker: number, over: Partial<Citation> = {}): Citation {
  return {
    marker,
    passageId: `passage-${marker}`,
    title: `Placement guide ${marker}`,
    path: ['Global placement', 'Density'],
    place: `docs/placement.md:${marker * 10}`,
    href: `https://docs.example.com/placement-${marker}.html`,
    excerpt: 'The density is a number between 0 and 1.',
    score: 0.9,
    ...over,
  };
}

/** A grounded answer with one citation, unless told otherwise. */
export function sampleAnswer(over: Partial<Omit<Answer, 'markdown'>> & { markdown?: string } = {}): Answer {
  const { markdown = 'Set the density to 0.6 [1].', ...rest } = over;
  return {
    id: 'answer-1',
    question: 'How dense may placement be?',
    citations: [sampleCitation(1)],
    grounding: 'grounded',
    nearest: [],
    model: 'extractive',
    ...rest,
    markdown: safe(markdown),
  };
}

/** A notice about the bot itself. */
export function sampleNotice(over: Partial<Notice> = {}): Notice {
  return {
    kind: 'error',
    text: 'The search did not answer in time. Ask again in a minute.',
    reference: 'ref-1',
    ...over,
  };
}
