// A long answer is cut where a reader would cut it, and nothing is lost or broken at the seams.
import fc from 'fast-check';
import type { RootContent } from 'mdast';
import { describe, expect, it } from 'vitest';
import { parseMarkdown, sizeOf, textOf } from '../../../../adapters/slack/render/markdown.js';
import { splitBlocks } from '../../../../adapters/slack/render/split.js';
import { safe } from '../../../support/sample-answer.js';

const split = (markdown: string, limit: number) => splitBlocks(parseMarkdown(safe(markdown)), limit);
const sizes = (parts: RootContent[][]) =>
  parts.map((part) => part.reduce((sum, node) => sum + sizeOf(node), 2 * (part.length - 1)));
const words = (parts: RootContent[][]) => parts.flat().map((node) => textOf(node));

describe('between blocks', () => {
  it.each([
    [99, 1],
    [100, 1],
    [101, 2],
  ])('%i characters make %i message(s) of 100', (length, messages) => {
    expect(split(`${'a'.repeat(40)}\n\n${'b'.repeat(length - 42)}`, 100)).toHaveLength(messages);
  });

  it('is preferred to inside one', () => {
    const parts = split(`${'a '.repeat(30)}\n\n${'b '.repeat(30)}\n\n${'c '.repeat(10)}`, 90);
    expect(words(parts).map((text) => text[0])).toEqual(['a', 'b', 'c']);
    expect(parts.map((part) => part.length)).toEqual([1, 2]);
  });

  it('of nothing is nothing', () => {
    expect(split('', 100)).toEqual([]);
  });
});

describe('code', () => {
  const lines = Array.from({ length: 40 }, (_, at) => `set_load ${at} [all_outputs]`);

  it('is cut between lines, and every piece is a whole fence in its language', () => {
    const parts = split(`\`\`\`tcl\n${lines.join('\n')}\n\`\`\``, 300);
    expect(parts.length).toBeGreaterThan(3);
    expect(parts.flat().every((node) => node.type === 'code' && node.lang === 'tcl')).toBe(true);
    expect(parts.flat().flatMap((node) => textOf(node).split('\n'))).toEqual(lines);
  });

  it('with one endless line is cut anywhere, but not through a character', () => {
    const line = '\u{1F600}'.repeat(101);
    const parts = split(`\`\`\`\n${line}\n\`\`\``, 60);
    expect(words(parts).join('')).toBe(line);
    expect(Math.max(...sizes(parts))).toBeLessThanOrEqual(60);
    for (const piece of words(parts)) expect(piece).toMatch(/^(?:\u{1F600})+$/u);
  });

  it('that fits is moved whole into the next message', () => {
    const parts = split(`${'a'.repeat(80)}\n\n\`\`\`\n${'b'.repeat(50)}\n\`\`\``, 100);
    expect(parts.map((part) => part[0]?.type)).toEqual(['paragraph', 'code']);
  });
});

describe('text', () => {
  it('is cut after a sentence, and its marker stays with it', () => {
    const sentence = 'The density is a number between zero and one [12].';
    const parts = split(Array.from({ length: 20 }, () => sentence).join(' '), 160);
    for (const piece of words(parts)) expect(piece).toMatch(/^(The density[^.]*\[12\]\. ?)+$/);
  });

  it('never begins with a marker, even after code or emphasis', () => {
    for (let limit = 20; limit < 60; limit += 1) {
      const parts = split(
        'Use `set_density` [1][2], or *rather the other one* [3]. Then run it again [4].',
        limit,
      );
      for (const piece of words(parts)) expect(piece).not.toMatch(/^\s*\[\d/);
    }
  });

  it('without a space is cut anywhere', () => {
    const parts = split('x'.repeat(250), 100);
    expect(sizes(parts)).toEqual([100, 100, 50]);
  });
});

describe('lists and tables', () => {
  it('a list is cut between items and goes on counting', () => {
    const items = Array.from({ length: 12 }, (_, at) => `${at + 1}. Step ${at + 1} of the flow`);
    const parts = split(items.join('\n'), 100);
    const starts = parts.flat().map((node) => (node.type === 'list' ? node.start : undefined));
    expect(starts[0]).toBe(1);
    expect(starts[1]).toBe(1 + (parts[0]?.[0]?.type === 'list' ? parts[0][0].children.length : 0));
  });

  it('an endless item leaves the list', () => {
    const parts = split(`- short\n- ${'long '.repeat(50)}`, 100);
    expect(parts.flat().map((node) => node.type)).toEqual(['list', 'paragraph', 'paragraph', 'paragraph']);
  });

  it('a table repeats its head', () => {
    const rows = Array.from({ length: 30 }, (_, at) => `| VAR_${at} | ${at} |`);
    const parts = split(['| Name | Default |', '| --- | --- |', ...rows].join('\n'), 200);
    expect(parts.length).toBeGreaterThan(1);
    for (const node of parts.flat()) {
      expect(node.type === 'table' && textOf(node.children[0])).toBe('NameDefault');
    }
    expect(words(parts).join('').match(/VAR_/g)).toHaveLength(30);
  });

  it('a table of endless cells becomes text', () => {
    const parts = split(`| A | B |\n| --- | --- |\n| ${'a'.repeat(300)} | b |`, 100);
    expect(Math.max(...sizes(parts))).toBeLessThanOrEqual(100);
    expect(words(parts).join('').match(/a/g)?.length).toBeGreaterThanOrEqual(300);
  });
});

it('keeps to the limit and to the letters, whatever the answer', () => {
  const block = fc.oneof(
    fc.lorem({ maxCount: 60 }),
    fc.lorem({ maxCount: 40 }).map((text) => `\`\`\`\n${text.replaceAll(' ', '\n')}\n\`\`\``),
    fc
      .array(fc.lorem({ maxCount: 12 }), { minLength: 1, maxLength: 8 })
      .map((items) => `- ${items.join('\n- ')}`),
    fc
      .array(fc.lorem({ maxCount: 12 }), { minLength: 1, maxLength: 4 })
      .map((lines) => `> ${lines.join('\n> ')}`),
    fc.lorem({ maxCount: 9 }).map((text) => `## **${text}** \`${text}\``),
  );
  const letters = (text: string) => text.replace(/\s+/g, '');
  fc.assert(
    fc.property(fc.array(block, { maxLength: 8 }), fc.integer({ min: 60, max: 400 }), (blocks, limit) => {
      const nodes = parseMarkdown(safe(blocks.join('\n\n')));
      const parts = splitBlocks(nodes, limit);
      for (const size of sizes(parts)) expect(size).toBeLessThanOrEqual(limit);
      expect(letters(words(parts).join(''))).toBe(letters(nodes.map((node) => textOf(node)).join('')));
    }),
    { numRuns: 500 },
  );
});
