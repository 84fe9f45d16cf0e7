// Which messages need the question before them to be understood.
import { describe, expect, it } from 'vitest';
import { isFollowUp, standalone } from '../../src/orchestrator/follow-up.js';

const FOLLOW_UPS = [
  'and for hold?',
  'And in Innovus?',
  'but why?',
  'or with two clocks?',
  'what about setup?',
  'What about macros?',
  'how about hold slack?',
  'why?',
  'Why not?',
  'how?',
  'when?',
  'which one?',
  'how so?',
  'why is that?',
  'so?',
  'what else?',
  'for hold?',
  'in Tcl?',
  'with two corners?',
  'without buffers?',
  'after CTS?',
  'an example?',
  'Can you give me an example?',
  'show me another example please',
  'more details please',
  'explain more',
  'elaborate',
  'continue',
  'shorter',
  'go on',
  'How do I fix it?',
  'Does that work?',
  'what does it mean?',
  'Is this the default?',
  'Where do I set them?',
  'can I change that?',
  'the second one',
  'What does the other option do?',
  'how do I do step 3?',
  'the same for latches?',
  'ok, and for hold?',
  'Thanks! and the clock?',
  'same for macros',
  'are you sure?',
  'Why does it fail?',
  'anything else?',
  'is there a way around it?',
  'same question for hold',
  'otherwise?',
  'also for generated clocks?',
];
const STANDALONE = [
  'What is hold slack?',
  'How do I report hold violations?',
  'hold slack',
  'clock gating?',
  'clock tree synthesis',
  'Why does CTS insert buffers?',
  'Why is the hold slack negative after routing?',
  'What does this error mean: [ERROR DRT-0305]?',
  'What does report_checks print?',
  'How do I fix antenna violations?',
  'What is the difference between setup and hold?',
  'What does it mean when the tool prints STA-1551?',
  'set_false_path',
  'set_false_path -from',
  'What does `repair_timing` do?',
  'Where is the log of the placer written to?',
  'Which corner is used for hold checks?',
  'How many threads does the router use?',
  'Is there a limit on the number of buffers?',
  'How do I set the core utilization?',
  'Can the placer handle macros with fixed orientation?',
  'how to define a generated clock',
  'placement density',
  'list all Tcl commands of the resizer',
  'Explain how the global router estimates congestion',
  'Give an example of a floorplan script',
  'Show the options of write_def',
  'In which file are the layer rules?',
  'For multi-corner analysis, which libraries do I have to read?',
  'With -unconstrained, what does report_checks show?',
  'I get a segmentation fault when the detailed router starts',
  'The tool crashes while reading the LEF file',
  'What happens if the clock has no source latency?',
  'Does OpenSTA support CCS models?',
  'What is $::env(PLACE_DENSITY)?',
  'When should I use a virtual clock?',
  'sta::find_timing',
  'How is slack computed for latches?',
  'What are tie cells?',
  'Who owns the timing constraints?',
  'Why would a path be unconstrained?',
  'What is CTS?',
  'power grid',
  'Which license does the tool have?',
  'How do I build from source?',
];

describe('isFollowUp', () => {
  it('has at least forty of each', () => {
    expect(new Set(FOLLOW_UPS).size).toBeGreaterThanOrEqual(40);
    expect(new Set(STANDALONE).size).toBeGreaterThanOrEqual(40);
  });
  it.each(FOLLOW_UPS)('takes %j as going on', (text) => expect(isFollowUp(text)).toBe(true));
  it.each(STANDALONE)('takes %j as it stands', (text) => expect(isFollowUp(text)).toBe(false));
  it.each(['', ' ', 'it '.repeat(5_000), '\u{1f600}', '((((('])('survives %j', (text) =>
    expect(typeof isFollowUp(text)).toBe('boolean'),
  );
});

describe('standalone', () => {
  const turn = (question: string) => ({ question, answer: 'An answer [1].' });
  it('puts the earlier question in front of a follow-up', () => {
    expect(standalone('and for hold?', [turn('How do I report setup?')])).toBe(
      'How do I report setup?\nand for hold?',
    );
  });
  it('goes back over a chain of follow-ups to the question that stands by itself', () => {
    const history = [turn('What is CTS?'), turn('How do I report setup?'), turn('and for hold?')];
    expect(standalone('why?', history)).toBe('How do I report setup?\nand for hold?\nwhy?');
  });
  it('leaves alone what stands by itself, and what has nothing before it', () => {
    expect(standalone('What is hold slack?', [turn('How do I report setup?')])).toBe('What is hold slack?');
    expect(standalone('why?', [])).toBe('why?');
  });
});
