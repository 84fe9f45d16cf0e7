// From a manual's sentences to phrases that stand in a question.
import { describe, expect, it } from 'vitest';
import { actionOf, isEnglishProse, thingOf, tidy } from '../../../src/training/pairs/phrases.js';
import { gerund, thirdPerson } from '../../../src/training/pairs/verbs.js';

describe('actionOf', () => {
  it.each([
    ['Sets the oven temperature.', 'set the oven temperature'],
    ['This command sets the oven temperature in degrees.', 'set the oven temperature in degrees'],
    ['The `set_oven` command specifies the upper limit.', 'specify the upper limit'],
    ['Flag to skip the audible alarm. The default is to sound it.', 'skip the audible alarm'],
    ['Use this option to limit the number of rounds.', 'limit the number of rounds'],
    ['Allows you to choose the material of your oven.', 'choose the material of my oven'],
    ['This option is used to record every change.', 'record every change'],
    ['Enable the verbose log (see the guide).', 'enable the verbose log'],
    ['To clean the oven, remove the cover first.', 'clean the oven'],
  ])('%s', (sentence, action) => {
    expect(actionOf(sentence)).toBe(action);
  });

  it.each([
    'Sets of names are stored elsewhere.',
    'Limits are checked twice.',
    'Pull requests can be created by anyone.',
    'Number of rounds.',
    'See the following section.',
    'Sets it.',
    'Returns the value described above.',
    'The oven is hot.',
    'Set',
    '',
  ])('finds nothing to do in: %s', (sentence) => {
    expect(actionOf(sentence)).toBeUndefined();
  });

  it('takes a leading verb for one in a description, even where it may be a noun', () => {
    expect(actionOf('Set target density.', true)).toBe('set target density');
    expect(actionOf('Set target density.')).toBeUndefined();
  });
});

describe('thingOf', () => {
  it.each([
    ['Number of rounds. The default is 3.', 'the number of rounds'],
    ['The maximum oven temperature, in degrees', 'the maximum oven temperature, in degrees'],
    ['Path to the log file', 'the path to the log file'],
  ])('%s', (sentence, thing) => {
    expect(thingOf(sentence)).toBe(thing);
  });

  it.each(['Specifies the limit.', 'If set, the alarm is off.', 'TBC.', 'The oven is hot', 'Boolean'])(
    'names nothing: %s',
    (sentence) => {
      expect(thingOf(sentence)).toBeUndefined();
    },
  );
});

it('cuts a long phrase where a clause begins, and gives up on one that has no seam', () => {
  const long =
    'move the first heavy cast iron part of the oven by hand using the small crane that stands beside the door of the hall';
  expect(tidy(long)).toBe('move the first heavy cast iron part of the oven by hand');
  expect(tidy('word '.repeat(30))).toBeUndefined();
});

it('tells English prose from other languages, numbers and code', () => {
  expect(
    isEnglishProse('The oven is heated by the burner, and it must be watched by an operator at all times.'),
  ).toBe(true);
  expect(
    isEnglishProse('Der Ofen wird durch den Brenner geheizt und muss von einem Bediener beobachtet werden.'),
  ).toBe(false);
  expect(isEnglishProse('0x11 0x12 0x13 42 43 44 45 46 47 48 49 50 51')).toBe(false);
  expect(isEnglishProse('the')).toBe(false);
});

it.each([
  ['set', 'sets', 'setting'],
  ['specify', 'specifies', 'specifying'],
  ['write', 'writes', 'writing'],
  ['match', 'matches', 'matching'],
  ['free', 'frees', 'freeing'],
  ['tie', 'ties', 'tying'],
])('inflects %s', (base, third, ing) => {
  expect([thirdPerson(base), gerund(base)]).toEqual([third, ing]);
});
