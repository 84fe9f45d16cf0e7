// Whatever the document: chunking loses no word, doubles none, and gives the same ids for the same input.
import fc from 'fast-check';
import type { Nodes } from 'mdast';
import { describe, expect, it } from 'vitest';
import { CHUNK_SIZES, estimateTokens } from '../../ingest/chunker/size.js';
import { chunk } from '../../ingest/chunker.js';
import { parseMarkdown } from '../../ingest/parsers/markdown.js';

/** Words that occur once each, so that losing or doubling one shows. */
function numbered(shape: string): string {
  let next = 0;
  return shape.replace(/W/g, () => {
    next += 1;
    return `${['q', 'q_x', 'Q'][next % 3]}${next}z`;
  });
}

const phrase = (max: number) =>
  fc
    .array(fc.constantFrom('W', 'W', 'W,', 'W.', '`W`', '*W*', '**W W**', '[W](https://x.org/a)', 'W<br>W'), {
      minLength: 1,
      maxLength: max,
    })
    .map((parts) => parts.join(' '));

const blockShape = fc.oneof(
  phrase(30),
  fc
    .record({ depth: fc.integer({ min: 1, max: 5 }), words: phrase(4) })
    .map((h) => `${'#'.repeat(h.depth)} ${h.words}`),
  fc
    .array(phrase(15), { minLength: 1, maxLength: 25 })
    .map((items) => items.map((item) => `- ${item}`).join('\n')),
  fc
    .array(phrase(9), { minLength: 1, maxLength: 6 })
    .map((items) => items.map((item, at) => `${at + 1}. ${item}\n   - ${item}`).join('\n')),
  fc
    .array(fc.tuple(phrase(3), phrase(40)), { maxLength: 25 })
    .map((rows) => `| W | W |\n|---|---|\n${rows.map(([a, b]) => `| ${a} | ${b} |`).join('\n')}`),
  fc
    .array(phrase(12), { minLength: 1, maxLength: 60 })
    .map((lines) => `\`\`\`tcl\n${lines.join('\n').replace(/`/g, '')}\n\`\`\``),
  phrase(25).map((words) => `> ${words}`),
  phrase(400),
  phrase(10).map((words) => `:::{note}\n${words}\n:::`),
);

const documentShape = fc.array(blockShape, { maxLength: 14 }).map((blocks) => `${blocks.join('\n\n')}\n`);

/** The unique words of a tree, with those of headings apart. */
function wordsOf(tree: Nodes, heading: boolean): string[] {
  if ('value' in tree) return heading ? [] : (tree.value.match(/[qQ](?:_x)?\d+z/g) ?? []);
  if (!('children' in tree)) return [];
  return tree.children.flatMap((child) => wordsOf(child, heading || child.type === 'heading'));
}

const link = () => undefined;

async function chunksOf(source: string) {
  const parsed = await parseMarkdown(Buffer.from(source), 'a.md');
  return { parsed, chunks: chunk(parsed, 's:a.md', link) };
}

describe('chunking any document', () => {
  it('keeps every word once; only header rows of long tables come again', async () => {
    await fc.assert(
      fc.asyncProperty(documentShape, async (shape) => {
        const source = numbered(shape);
        const { parsed, chunks } = await chunksOf(source);
        const read = parsed.tree.children.flatMap((node) => wordsOf(node, false));
        expect(read.sort()).toEqual([...(source.match(/[qQ](?:_x)?\d+z/g) ?? [])].sort());
        const texts = chunks.map(({ text }) => text.replace(/^#+ .*$/gm, '')).join('\n');
        const found = new Map<string, number>();
        for (const [word] of texts.matchAll(/[qQ](?:_x)?\d+z/g)) found.set(word, (found.get(word) ?? 0) + 1);
        const repeated = new Set(
          parsed.tree.children.flatMap((node) =>
            node.type === 'table' && node.children[0] ? wordsOf(node.children[0], false) : [],
          ),
        );
        for (const word of wordsOf(parsed.tree, false)) {
          const times = found.get(word) ?? 0;
          if (repeated.has(word) ? times < 1 : times !== 1) throw new Error(`${word} occurs ${times} times`);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('keeps the words of every heading that has something below it', async () => {
    await fc.assert(
      fc.asyncProperty(documentShape, async (shape) => {
        const { parsed, chunks } = await chunksOf(numbered(shape));
        const all = chunks.map(({ path, text }) => `${path.join(' ')} ${text}`).join(' ') + parsed.title;
        const nodes = parsed.tree.children;
        for (const [at, node] of nodes.entries()) {
          const next = nodes[at + 1];
          if (node.type !== 'heading' || next === undefined || next.type === 'heading') continue;
          for (const word of wordsOf(node, false)) expect(all).toContain(word);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('stays within the limit, gives unique ids in order, places inside the file, and the same again', async () => {
    await fc.assert(
      fc.asyncProperty(documentShape, async (shape) => {
        const source = numbered(shape);
        const lines = source.split('\n').length;
        const { chunks } = await chunksOf(source);
        let before = 1;
        for (const [at, { ordinal, place, text, id }] of chunks.entries()) {
          expect(ordinal).toBe(at);
          expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
          expect(estimateTokens(text)).toBeLessThanOrEqual(CHUNK_SIZES.max * 1.05);
          expect(place.line).toBeGreaterThanOrEqual(before);
          expect(place.endLine).toBeGreaterThanOrEqual(place.line ?? 0);
          expect(place.endLine).toBeLessThanOrEqual(lines);
          before = place.line ?? 0;
        }
        expect(new Set(chunks.map(({ id }) => id)).size).toBe(chunks.length);
        expect((await chunksOf(source)).chunks).toEqual(chunks);
      }),
      { numRuns: 40 },
    );
  });

  it('takes any characters in any order', async () => {
    const soup = fc
      .array(
        fc.constantFrom(
          'W',
          'W',
          ' ',
          '\n',
          '\n\n',
          '# ',
          '- ',
          '> ',
          '`',
          '```',
          '|',
          '|-|-|',
          '*',
          '_',
          '[',
          '](',
          ')',
          '<',
          '>',
          '<td>',
          '</table>',
          ':::{note}',
          ':::',
          '---',
          '    ',
          '1. ',
          '&',
          '\\',
          '~',
          '\u200b',
          'ü',
          '漢字',
        ),
        { maxLength: 80 },
      )
      .map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(soup, async (shape) => {
        const { parsed, chunks } = await chunksOf(numbered(shape));
        const texts = chunks.map(({ text }) => text).join('\n');
        for (const word of wordsOf(parsed.tree, false)) expect(texts).toContain(word);
      }),
      { numRuns: 200 },
    );
  });
});
