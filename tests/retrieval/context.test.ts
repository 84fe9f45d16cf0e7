// What is handed on with a passage: the beginning of its section and its neighbours, never another section, nothing twice.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stretchesAround, withContext } from '../../src/retrieval/context.js';
import type { Passage } from '../../src/retrieval/passage.js';

/** The chunks of one document, each as `[heading path, text]`. */
function document(chunks: readonly [path: string[], text: string][], name = 'gpl.md'): Passage[] {
  return chunks.map(([path, text], ordinal) => ({
    id: `${name}#${ordinal}`,
    ordinal,
    path,
    text,
    place: { line: ordinal * 10 + 1 },
    document: {
      id: `s:${name}`,
      source: 's',
      path: name,
      title: 'Placement',
      contentHash: 'h',
      audience: ['public'],
      version: '',
    },
    score: 0,
  }));
}

/** The context of the chunks at these ordinals, best first, with what an index would give for them. */
function contextOf(chunks: readonly Passage[], ...ordinals: number[]) {
  const passages = ordinals.flatMap((at) => chunks[at] ?? []);
  const around = stretchesAround(passages).flatMap(({ document: id, from, to }) =>
    chunks.filter((chunk) => chunk.document.id === id && chunk.ordinal >= from && chunk.ordinal <= to),
  );
  return withContext(passages, around).map(({ context }) => context);
}

const COMMAND = document([
  [[], 'All about placement.'],
  [['Global'], 'Places all cells.\n\nIt minimises wire length:\n\n- by gradients\n- by density'],
  [['Global'], 'It stops when the overflow is low.'],
  [['Global', 'Synopsis'], '```tcl\nglobal_placement\n```'],
  [['Global', 'Options'], '| Option | Meaning |\n| - | - |\n| `-density` | How full. |'],
  [['Global', 'Options'], '| Option | Meaning |\n| - | - |\n| `-pad_left` | How far. |'],
  [['Global', 'Options'], '| Option | Meaning |\n| - | - |\n| `-skip_io` | No pins. |'],
  [['Detailed'], 'Legalises all cells.'],
]);

describe('the context of a passage', () => {
  it('is the neighbours of its own section', () => {
    const [options] = contextOf(COMMAND, 5);
    expect(options?.before).toContain('-density');
    expect(options?.after).toContain('-skip_io');
    expect(contextOf(COMMAND, 7)).toEqual([undefined]);
  });

  it('is what a command is for, where a section begins with its options', () => {
    const [options] = contextOf(COMMAND, 4);
    expect(options?.before).toBe('Places all cells.\n\nIt minimises wire length:');
  });

  it('is the lead-in alone for a passage far down the ranking', () => {
    const other = document(
      Array.from({ length: 4 }, (_, at) => [[`H${at}`], `Some text ${at}.`]),
      'other.md',
    );
    const chunks = [...COMMAND, ...other];
    expect(contextOf(chunks, 8, 9, 10, 5).at(-1)).toEqual({
      before: 'Places all cells.\n\nIt minimises wire length:',
      after: '',
    });
    expect(contextOf(chunks, 8, 9, 10, 2).at(-1)?.before).not.toContain('by gradients');
  });

  it('is the sentence that announces a list, for a passage from the middle of it', () => {
    const list = document([
      [['Rules'], 'A run fails in these cases:\n\n- one'],
      [['Rules'], '- two'],
      [['Rules'], '- three'],
    ]);
    const [found] = contextOf(list, 2);
    expect(found?.before).toBe('A run fails in these cases:\n\n- two');
  });

  it('holds nothing that is a passage of its own, and nothing twice', () => {
    const found = contextOf(COMMAND, 5, 4, 6);
    const all = found.map((context) => `${context?.before}\n${context?.after}`).join('\n');
    for (const option of ['-density', '-pad_left', '-skip_io']) expect(all).not.toContain(option);
    expect(all.split('Places all cells.')).toHaveLength(2);
  });

  it('does not take a piece from the middle of a long section for its beginning', () => {
    const long = document(Array.from({ length: 30 }, (_, at) => [['Story'], `Part ${at} goes on and on.`]));
    expect(contextOf(long, 20)).toEqual([
      { before: 'Part 19 goes on and on.', after: 'Part 21 goes on and on.' },
    ]);
  });

  it('cuts a long lead-in at the end of a sentence', () => {
    const wordy = document([
      [['Rules'], `${'This is a sentence of some length. '.repeat(40)}`],
      [['Rules'], 'middle'],
      [['Rules'], '- last'],
    ]);
    const other = document(
      [
        [[], 'a'],
        [['B'], 'b'],
        [['C'], 'c'],
      ],
      'other.md',
    );
    const before = contextOf([...wordy, ...other], 3, 4, 5, 2).at(-1)?.before ?? '';
    expect(before.length).toBeLessThanOrEqual(600);
    expect(before).toMatch(/length\.$/);
  });

  it('is always of the same document, in or above the section, and no chunk of it is given twice', () => {
    const path = fc.array(fc.constantFrom('A', 'B'), { maxLength: 3 });
    const shape = fc.array(fc.tuple(path, fc.boolean()), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(shape, fc.array(fc.nat(19), { maxLength: 10 }), (parts, wanted) => {
        const chunks = document(
          parts.map(([headings, listed], at) => [headings, listed ? `- item <${at}>` : `Text <${at}>.`]),
        );
        const ordinals = [...new Set(wanted)].filter((at) => at < chunks.length);
        const found = contextOf(chunks, ...ordinals);
        const brought = found.flatMap((context, rank) =>
          [...`${context?.before}${context?.after}`.matchAll(/<(\d+)>/g)].map((match) => {
            const own = chunks[ordinals[rank] ?? -1]?.path ?? [];
            const its = chunks[Number(match[1])]?.path ?? [];
            expect(own.slice(0, its.length)).toEqual(its);
            return Number(match[1]);
          }),
        );
        const all = [...brought, ...ordinals];
        expect(new Set(all).size).toBe(all.length);
      }),
    );
  });
});
