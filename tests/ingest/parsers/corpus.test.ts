// The parsers on the documentation that people have: nothing fails, and the parts that matter are found.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toString as plainText } from 'mdast-util-to-string';
import { describe, expect, it } from 'vitest';
import { parsePdf } from '../../../ingest/parsers/pdf.js';
import { parseRst } from '../../../ingest/parsers/rst.js';
import { parseText } from '../../../ingest/parsers/text.js';
import { markdownOf, misplaced } from '../../support/mdast.js';

const DOCS = join(import.meta.dirname, '../../../../shared/data/docs');

function files(extension: string): string[] {
  return readdirSync(DOCS, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith(extension));
}

describe.skipIf(!existsSync(DOCS))('the documents in ../shared/data/docs', () => {
  it.each([
    ['.rst', parseRst],
    ['.txt', parseText],
  ])('reads every %s, in place', async (extension, parser) => {
    const found = files(extension);
    expect(found.length).toBeGreaterThan(0);
    for (const path of found) {
      const bytes = readFileSync(join(DOCS, path));
      const { tree, title } = await parser(bytes, path);
      expect(title, path).not.toBe('');
      expect(misplaced(tree, bytes.toString().split('\n').length), path).toEqual([]);
    }
  });

  it('finds every option of the verilator manual as a heading of its own', async () => {
    const path = 'verilator/docs/guide/exe_verilator.rst';
    const source = readFileSync(join(DOCS, path));
    const { tree } = await parseRst(source, path);
    const headings = tree.children.filter((node) => node.type === 'heading').map((node) => plainText(node));
    const options = [...source.toString().matchAll(/^\.\. option:: (.*)$/gm)].map((match) => match[1] ?? '');
    expect(options.length).toBeGreaterThan(100);
    for (const option of options) expect(headings.join('\n')).toContain(option.replace(/\\(.)/g, '$1'));
  });

  it('finds commands, their syntax and options in the OpenSTA manual', async () => {
    const path = 'opensta/doc/OpenSTA.pdf';
    const { title, tree } = await parsePdf(readFileSync(join(DOCS, path)), path);
    expect(title).toContain('STA');
    const markdown = markdownOf(tree);
    expect(markdown).toContain('## `get_cells`\n\n```\nget_cells               [-hierarchical]');
    expect(markdown).toContain(
      '- `-regexp`: Use regular expression matching instead of glob pattern matching.',
    );
    expect(markdown).not.toMatch(/\.{10}/);
    expect(tree.children.every((node) => (node.data?.page ?? 0) > 0)).toBe(true);
  }, 120_000);
});
