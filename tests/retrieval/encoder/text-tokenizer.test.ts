// Token ids are those the model was trained with, and no text is too long or too odd.
import { describe, expect, it } from 'vitest';
import { openTokenizer } from '../../../src/retrieval/encoder/text-tokenizer.js';
import { tinyTokenizer } from './tiny-model.js';

const json = new TextDecoder().decode(tinyTokenizer);
const tokenizer = openTokenizer(json, 16);
const [UNK, CLS, SEP, CLOCK, TREE, PLACE] = [1, 2, 3, 5, 6, 9];
const [S, R] = [12, 13];

describe('the tokenizer', () => {
  it.each<[string, string, number[]]>([
    ['no text', '', [CLS, SEP]],
    ['blanks', ' \t\n\u00a0\u2028 ', [CLS, SEP]],
    ['capitals', 'Clock TREE', [CLS, CLOCK, TREE, SEP]],
    ['word pieces', 'clocks placers', [CLS, CLOCK, S, PLACE, R, S, SEP]],
    ['an unknown word', 'clock floorplan', [CLS, CLOCK, UNK, SEP]],
    ['accents', 'clöck tre\u0301e', [CLS, CLOCK, TREE, SEP]],
    ['punctuation', 'clock_tree.', [CLS, CLOCK, 15, TREE, 14, SEP]],
    ['Chinese, one token a character', 'clock時間tree', [CLS, CLOCK, UNK, UNK, TREE, SEP]],
    ['control characters', 'cl\u0000o\u200bck\ufeff', [CLS, CLOCK, SEP]],
    ['half a surrogate pair', 'clock \ud83d', [CLS, CLOCK, SEP]],
    ['a word of 101 characters', `clock ${'s'.repeat(101)}`, [CLS, CLOCK, UNK, SEP]],
  ])('reads %s', (_, text, ids) => {
    expect(tokenizer.encode(text)).toEqual(ids);
  });

  it('cuts to the maximum and keeps the closing token', () => {
    const ids = tokenizer.encode('clock tree '.repeat(100));
    expect(ids).toHaveLength(16);
    expect(ids.slice(0, 3)).toEqual([CLS, CLOCK, TREE]);
    expect(ids.at(-1)).toBe(SEP);
  });

  it.each<[string, string]>([
    ['one endless word', 'a'.repeat(3_000_000)],
    ['blanks only', ' '.repeat(3_000_000)],
    ['long unknown words', `${'tq'.repeat(50)} `.repeat(20_000)],
    ['combining marks only', '\u0301'.repeat(1_000_000)],
    ['special tokens', '[CLS]'.repeat(200_000)],
  ])('takes %s', (_, text) => {
    const ids = tokenizer.encode(text);
    expect(ids.length).toBeGreaterThanOrEqual(2);
    expect(ids.length).toBeLessThanOrEqual(16);
  });

  it('finds the same tokens in a long text as piece by piece', () => {
    const longWords = `${'x'.repeat(99)} `.repeat(12);
    expect(tokenizer.encode(`${longWords} clock`)).toEqual([CLS, ...Array(12).fill(UNK), CLOCK, SEP]);
  });

  it.each(['', '{', '[]', '{"model":{"type":"BPE","vocab":{}}}'])('refuses the file %j', (text) => {
    expect(() => openTokenizer(text, 16)).toThrow(expect.objectContaining({ code: 'model_corrupt' }));
  });
});
