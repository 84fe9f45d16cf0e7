// What documents teach about words, and questions in other words.
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/evaluation/bootstrap.js';
import {
  inWords,
  otherNames,
  otherVerb,
  otherWords,
  typedNames,
} from '../../../src/training/pairs/rewording.js';
import { abbreviationsIn, learnVocabulary } from '../../../src/training/pairs/vocabulary.js';

const learn = (...texts: string[]) => learnVocabulary(texts.map((text) => ({ text })));

describe('abbreviations', () => {
  it.each([
    ['The worst negative slack (WNS) is shown.', 'WNS', 'worst negative slack'],
    ['Report the WNS (worst negative slack) of it.', 'WNS', 'worst negative slack'],
    ['- **TNS**: total negative slack of all paths', 'TNS', 'total negative slack'],
    ['a Register Transfer Level (RTL) design', 'RTL', 'register transfer level'],
    ['the rate of change (ROC)', 'ROC', 'rate of change'],
  ])('%s', (text, short, long) => {
    expect([...abbreviationsIn(text)]).toContainEqual({ short, long });
  });

  it.each(['the slack (MET)', 'see the manual (PDF)', 'a pin (VDD or VSS)'])(
    'does not make one up: %s',
    (text) => {
      expect([...abbreviationsIn(text)]).toEqual([]);
    },
  );

  it('are swapped both ways, and not when they stand for two things', () => {
    const vocabulary = learn('The worst negative slack (WNS) is shown.');
    expect(otherNames('How is the WNS reported?', vocabulary)).toBe(
      'How is the worst negative slack reported?',
    );
    expect(otherNames('How is the worst negative slack reported?', vocabulary)).toBe(
      'How is the WNS reported?',
    );
    const unclear = learn('The air cooled oven (ACO) and the aft control order (ACO).');
    expect(otherNames('What is the ACO?', unclear)).toBe('What is the ACO?');
  });
});

it('learns other names of the same thing', () => {
  const vocabulary = learn('`--quiet` is an alias for `--silent`.');
  expect(otherNames('What does `--quiet` do?', vocabulary)).toBe('What does `--silent` do?');
});

it('lower-cases ordinary words of a heading and leaves names', () => {
  const { lowered } = learn(
    'the oven is hot. A note for the operator of Kilnmaster, that Kilnmaster is old and placement slow.',
  );
  expect(lowered('Oven Placement in Kilnmaster with PDN')).toBe('oven placement in Kilnmaster with PDN');
});

it('puts other verbs and words in, and keeps clauses whole', () => {
  const random = seededRandom(1);
  expect(otherVerb('set the limit', random)).toMatch(/^(?!set)[a-z ]+ the limit$/);
  expect(otherVerb('frobnicate the limit', random)).toBe('frobnicate the limit');
  expect(otherVerb('give how it is named', random)).toBe('give how it is named');
  expect(otherWords('the maximum number of directories in `maximum`', random, 1)).not.toMatch(
    /maximum number|directories/,
  );
  expect(otherWords('in `maximum`', random, 1)).toBe('in `maximum`');
});

it('writes names as people type them', () => {
  expect(inWords('set_load')).toBe('set load');
  expect(inWords('--trace-depth')).toBe('trace depth');
  expect(inWords('src/main.c')).toBe('src/main.c');
  const styles = new Set(
    Array.from({ length: 40 }, (_, seed) => typedNames('What does `set_load` do?', seededRandom(seed))),
  );
  expect([...styles].sort()).toEqual([
    'What does `set_load` do?',
    'What does set load do?',
    'What does set_load do?',
  ]);
});
