// What a chunk of a real page looks like: whole blocks, headings above, options and code as they were written.
import { describe, expect, it } from 'vitest';
import { sentences } from '../../ingest/chunker/split-text.js';
import { chunk } from '../../ingest/chunker.js';
import { parseCode } from '../../ingest/parsers/code.js';
import { parseMarkdown } from '../../ingest/parsers/markdown.js';

async function chunksOf(source: string) {
  const parsed = await parseMarkdown(Buffer.from(source), 'docs/page.md');
  return chunk(parsed, 'docs:docs/page.md', ({ line }) => `https://host.example/page.md#L${line}`);
}

const words = (count: number, word = 'routing') => Array.from({ length: count }, () => word).join(' ');

describe('chunk', () => {
  it('keeps a command with its synopsis and its options in one chunk', async () => {
    const chunks = await chunksOf(
      `# Router\n\n${words(390)}\n\n## Detail route\n\nRoutes the design in \`detailed_route\`.\n\n\`\`\`tcl\ndetailed_route\n    [-bottom_layer layer]\n\`\`\`\n\n### Options\n\n| Switch | Description |\n| --- | --- |\n| \`-bottom_layer\` | Lowest layer that may_be used. |\n`,
    );
    const last = chunks.at(-1);
    expect(last?.path).toEqual(['Detail route']);
    expect(last?.text).toBe(
      'Routes the design in `detailed_route`.\n\n```tcl\ndetailed_route\n    [-bottom_layer layer]\n```\n\n### Options\n\n| Switch | Description |\n| - | - |\n| `-bottom_layer` | Lowest layer that may_be used. |',
    );
    expect(last?.place).toEqual({ line: 7, endLine: 18 });
    expect(last?.href).toBe('https://host.example/page.md#L7');
  });

  it('cuts a long table between rows and repeats its header', async () => {
    const rows = Array.from({ length: 60 }, (_, at) => `| \`-option_${at}\` | ${words(12)} |`);
    const chunks = await chunksOf(`# T\n\n| Switch | Description |\n|---|---|\n${rows.join('\n')}\n`);
    expect(chunks.length).toBeGreaterThan(3);
    for (const { text } of chunks)
      expect(text).toMatch(/^\| Switch \| Description \|\n\| - \| - \|\n\| `-option_\d+` \|/);
    expect(chunks[1]?.place.line).toBe((chunks[0]?.place.endLine ?? 0) + 1);
  });

  it('cuts long code at blank lines, inside a fence each, with true lines', async () => {
    const procedure = (at: number) =>
      `proc p${at} {} {\n${Array.from({ length: 14 }, () => '  set value [compute it]').join('\n')}\n}`;
    const body = Array.from({ length: 8 }, (_, at) => procedure(at)).join('\n\n');
    const source = `# T\n\n\`\`\`tcl\n${body}\n\`\`\`\n`;
    const lines = source.split('\n');
    const chunks = await chunksOf(source);
    expect(chunks.length).toBeGreaterThan(2);
    for (const { text, place } of chunks) {
      expect(text).toMatch(/^```tcl\nproc p\d {} {\n[\s\S]*\n}\n```$/);
      expect(lines.slice((place.line ?? 0) - 1, place.endLine).join('\n')).toBe(
        text.replace(/^```tcl\n|\n```$/g, ''),
      );
    }
  });

  it('keeps an introduction with the list or code it leads to', async () => {
    const chunks = await chunksOf(
      `# T\n\n${words(260)}\n\nRun this command:\n\n\`\`\`\nmake ${words(180, 'all')}\n\`\`\`\n`,
    );
    expect(chunks.at(-1)?.text).toMatch(/^Run this command:\n\n```/);
  });

  it('puts tiny neighbours together under their parent, headings in the text', async () => {
    const option = (name: string) => `### ${name}\n\nSays what ${name} does.\n`;
    const chunks = await chunksOf(
      `# Tool\n\n## Arguments\n\n${['a', 'b', 'c'].map(option).join('\n')}\n## Long\n\n${words(390)}\n`,
    );
    expect(chunks[0]?.path).toEqual(['Arguments']);
    expect(chunks[0]?.text).toContain('### a\n\nSays what a does.\n\n### b');
  });

  it('makes nothing of empty sections and of an empty document', async () => {
    expect(await chunksOf('# Only a title\n\n## And a heading\n')).toEqual([]);
    expect(await chunksOf('')).toEqual([]);
  });

  it('tells the same words in the same place apart, and gives the same ids again', async () => {
    const source = `# T\n\n## A\n\n${words(250)}\n\n## A\n\n${words(250)}\n`;
    const ids = (await chunksOf(source)).map(({ id }) => id);
    expect(new Set(ids).size).toBe(2);
    expect((await chunksOf(source)).map(({ id }) => id)).toEqual(ids);
  });

  it('never joins two definitions of a program', async () => {
    const parsed = await parseCode(Buffer.from('proc a {} {}\n\nproc b {} {}\n'), 'x.tcl');
    expect(chunk(parsed, 'x', () => undefined).map(({ text }) => text)).toEqual([
      '```tcl\nproc a {} {}\n```',
      '```tcl\nproc b {} {}\n```',
    ]);
  });

  it('takes out characters nobody sees, and every address', async () => {
    const [only] = await chunksOf(
      'See [the\u200b page](https://evil.example/x) ![chart](https://evil.example/y.png) \u{E0041}now.\n',
    );
    expect(only?.text).toBe('See the page  now.');
  });
});

describe('sentences', () => {
  it('does not end one at an abbreviation or inside code', () => {
    expect(sentences('Use a margin, e.g. Two. See Fig. 3 for `a. B` now. Done.')).toEqual([
      'Use a margin, e.g. Two. ',
      'See Fig. 3 for `a. B` now. ',
      'Done.',
    ]);
  });
});
