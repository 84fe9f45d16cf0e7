// Markdown as projects write it: directives, embedded HTML, badges, front matter.
import { toString as plainText } from 'mdast-util-to-string';
import { describe, expect, it } from 'vitest';
import { writeMarkdown } from '../../../ingest/chunker/write-markdown.js';
import { parseMarkdown } from '../../../ingest/parsers/markdown.js';

async function read(source: string) {
  const parsed = await parseMarkdown(Buffer.from(source), 'docs/page.md');
  return {
    ...parsed,
    blocks: parsed.tree.children.map((node) => writeMarkdown(node).trim()).filter((text) => text !== ''),
  };
}

describe('parseMarkdown', () => {
  it('takes the title from front matter, else the first top heading, else the file name', async () => {
    expect((await read('---\ntitle: From YAML\n---\n# Heading\n')).title).toBe('From YAML');
    expect((await read('## Small\n\n# Heading\n')).title).toBe('Heading');
    expect((await read('words\n')).title).toBe('page');
    expect((await read('---\nnot yaml: [\n---\nwords\n')).blocks.join()).toContain('not yaml');
  });

  it('keeps line numbers through front matter and directives', async () => {
    const { tree } = await read(
      '---\ntitle: T\n---\n\n:::{note}\n:class: x\nInside.\n:::\n\n```{code-block} tcl\n:linenos:\n\nputs 1\n```\n\nAfter.\n',
    );
    const code = tree.children.find((node) => node.type === 'code');
    expect(code).toMatchObject({ lang: 'tcl', value: '\nputs 1' });
    expect(tree.children.at(-1)?.position?.start.line).toBe(16);
  });

  it('reads notes, tabs and nested directives as text, and drops navigation', async () => {
    const { blocks } = await read(
      '````{tab-set}\n```{tab-item} Ubuntu\nRun apt.\n```\n````\n\n```{warning}\n- Do not.\n```\n\n```{toctree}\n:maxdepth: 2\nuser/guide\n```\n\n```{figure} a.png\n:alt: The flow\n\nA caption.\n```\n',
    );
    expect(blocks).toEqual(['**Ubuntu**\nRun apt.', '**Warning:**', '- Do not.', 'A caption.']);
  });

  it('shows a directive inside plain code as it is', async () => {
    expect((await read('````\n```{note}\nx\n```\n````\n')).blocks).toEqual(['````\n```{note}\nx\n```\n````']);
  });

  it('keeps HTML tables, summaries and placeholders; drops tags, comments and hidden text', async () => {
    const { blocks } = await read(
      '<table>\n<tr><th>Flag</th><th>Use</th></tr>\n\n<tr><td>-x</td><td>exact</td></tr>\n</table>\n\n<details><summary>More</summary>\n\nInside <b>bold</b><br>text for <file>.\n\n</details>\n\n<!-- secret -->\n\n<p style="display:none">hidden</p>\n',
    );
    expect(blocks[0]).toBe('| Flag | Use |\n| - | - |\n| -x | exact |');
    expect(blocks.slice(1)).toEqual(['More', 'Inside bold text for \\<file>.']);
  });

  it('drops badges and lists of contents, keeps what pictures show but not their names', async () => {
    const { blocks } = await read(
      '# T\n\n[![Build](https://img.shields.io/x.svg)](https://ci)\n\n- [One](#one)\n  - [Two](#two)\n\n![A clock tree of three levels](a.png) ![Clock tree](b.png)\n',
    );
    expect(blocks).toEqual(['# T', 'A clock tree of three levels']);
  });

  it('resolves reference links and roles to their words; an empty link shows where it leads', async () => {
    const { tree } = await read(
      'See [the guide][g], {ref}`Pins <pins>`, {doc}`intro` and [](flow.md).\n\n[g]: https://x.org\n',
    );
    expect(plainText(tree)).toBe('See the guide, Pins, intro and flow.md.');
  });

  it('reads a long document as it reads a short one', async () => {
    const section = (at: number) =>
      `## Part ${at}\n\nSee [the guide][g] ${at}.\n\n\`\`\`\n# not a heading\n\`\`\`\n`;
    const { tree } = await read(
      `${Array.from({ length: 900 }, (_, at) => section(at)).join('\n')}\n[g]: https://x.org\n`,
    );
    const headings = tree.children.filter((node) => node.type === 'heading');
    expect(headings).toHaveLength(900);
    expect(headings[899]?.position?.start.line).toBe(899 * 8 + 1);
    expect(plainText(tree.children.at(-2) ?? tree)).toBe('See the guide 899.');
  });

  it('refuses what would take minutes', async () => {
    await expect(parseMarkdown(Buffer.from('words '.repeat(900_000)), 'a.md')).rejects.toThrow(
      /larger than 5 MB/,
    );
  });

  it('refuses binary', async () => {
    await expect(parseMarkdown(Buffer.from([1, 0, 2, 0, 3]), 'a.md')).rejects.toMatchObject({
      code: 'document_unreadable',
    });
  });
});
