// How much of a text under way may be shown.
import { describe, expect, it } from 'vitest';
import { settled } from '../../src/orchestrator/settled.js';

describe('settled', () => {
  it.each([
    ['', ''],
    ['One sent', ''],
    ['One sentence.', ''],
    ['One sentence. ', ''],
    ['One sentence. [', ''],
    ['One sentence [1]. ', ''],
    ['One sentence [1]. T', 'One sentence [1]. '],
    ['One sentence. [1] T', 'One sentence. [1] '],
    ['One. Two. Thr', 'One. Two. '],
    ['One block [1]\n\nTw', 'One block [1]\n\n'],
    ['Use `a. b` now', ''],
    ['Use `a. B', ''],
    ['See [a. B', ''],
    ['**A. B', ''],
    ['- one\n- tw', '- one\n'],
    ['Text. Then:\n\n```tcl\nset x. Y\n\nset z', 'Text. Then:\n\n'],
    ['```tcl\nset x\n```\n\nAnd. So', '```tcl\nset x\n```\n\nAnd. '],
    ['| a |\n|---|\n| b. C |', ''],
    ['Text.\n\n| a |\n|---|\n| b. C |', 'Text.\n\n'],
  ])('of %j is %j', (text, beginning) => {
    expect(text.slice(0, settled(text))).toBe(beginning);
  });
});
