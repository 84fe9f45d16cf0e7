import { expect, it } from 'vitest';
import { renderAnswer } from '../../../adapters/terminal/render-answer.js';
import { sampleAnswer, sampleCitation } from '../../support/sample-answer.js';

it('shows with each of the closest documents the line that comes nearest, when there is one', () => {
  const text = renderAnswer(
    sampleAnswer({
      markdown: 'The documents do not say.',
      grounding: 'refused',
      citations: [],
      nearest: [sampleCitation(1), sampleCitation(2, { excerpt: '' })],
    }),
  );
  expect(text.split('\n').slice(2)).toEqual([
    'Closest documents',
    '  - Placement guide 1 > Global placement > Density',
    '      docs/placement.md:10',
    '      https://docs.example.com/placement-1.html',
    '      “The density is a number between 0 and 1.”',
    '  - Placement guide 2 > Global placement > Density',
    '      docs/placement.md:20',
    '      https://docs.example.com/placement-2.html',
  ]);
});

it('shows no lines with sources: the answer has them', () => {
  expect(renderAnswer(sampleAnswer())).not.toContain('“');
});
