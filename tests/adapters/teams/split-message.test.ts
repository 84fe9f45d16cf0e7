// Long messages are cut between thoughts, never inside a fence, a marker or a character.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MESSAGE_LIMIT, splitMessage } from '../../../adapters/teams/split-message.js';

const fences = (text: string) => text.match(/^(```|~~~)/gm)?.length ?? 0;

describe('splitMessage', () => {
  it('leaves a message alone up to the limit', () => {
    for (const length of [0, 1, MESSAGE_LIMIT - 1, MESSAGE_LIMIT]) {
      expect(splitMessage('a'.repeat(length))).toEqual(['a'.repeat(length)]);
    }
    expect(splitMessage('a'.repeat(MESSAGE_LIMIT + 1))).toHaveLength(2);
  });

  it('cuts between paragraphs where it can', () => {
    const paragraphs = Array.from({ length: 6 }, (_none, at) => `${at} ${'x'.repeat(80)}`);
    expect(splitMessage(paragraphs.join('\n\n'), 200)).toEqual([
      paragraphs.slice(0, 2).join('\n\n'),
      paragraphs.slice(2, 4).join('\n\n'),
      paragraphs.slice(4).join('\n\n'),
    ]);
  });

  it('closes a fence it must cut, and opens it again with its language', () => {
    const code = Array.from({ length: 30 }, (_none, at) => `set value_${at} ${at}`).join('\n');
    const parts = splitMessage(`Intro\n\n\`\`\`tcl\n${code}\n\`\`\`\n\nOutro`, 200);
    expect(parts.length).toBeGreaterThan(2);
    for (const part of parts) expect(fences(part) % 2).toBe(0);
    expect(parts.at(-2)).toMatch(/^```tcl\n/);
    const lines = parts.flatMap((part) => part.split('\n')).filter((line) => line.startsWith('set'));
    expect(lines.join('\n')).toBe(code);
  });

  it('keeps a marker with its words', () => {
    const text = Array.from({ length: 60 }, (_none, at) => `fact${at} [${at % 9}]`).join(' ');
    for (const part of splitMessage(text, 200)) expect(part).not.toMatch(/^\[|\[\d*$/);
  });

  it('keeps every word, every limit and every fence, whatever the text', () => {
    const block = fc.oneof(
      fc
        .array(fc.constantFrom('word', 'wörter', '🚀', '[1]', '[12]', '**b**', 'x'.repeat(300)), {
          minLength: 1,
          maxLength: 80,
        })
        .map((words) => words.join(' ')),
      fc
        .array(fc.constantFrom('a = 1;', '', '  b = 2;', 'y'.repeat(250)), { maxLength: 40 })
        .map((lines) => `\`\`\`v\n${lines.join('\n')}\n\`\`\``),
      fc
        .array(fc.constantFrom('- item', '- **1.** source'), { minLength: 1, maxLength: 30 })
        .map((items) => items.join('\n')),
    );
    const letters = (text: string) => text.replace(/```v?|\s/g, '');
    fc.assert(
      fc.property(fc.array(block, { minLength: 1, maxLength: 8 }), (blocks) => {
        const text = blocks.join('\n\n');
        const parts = splitMessage(text, 200);
        for (const part of parts) {
          expect(part.length).toBeLessThanOrEqual(Math.max(200, 0));
          expect(part.trim()).not.toBe('');
          expect(fences(part) % 2).toBe(0);
          expect(part).not.toMatch(/[\ud800-\udbff]$|^[\udc00-\udfff]/);
        }
        expect(letters(parts.join(''))).toBe(letters(text));
      }),
      { numRuns: 300 },
    );
  });
});
