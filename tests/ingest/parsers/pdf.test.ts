// PDF: structure from fonts and places, and a clear answer to every file that cannot be read.
import type { Root } from 'mdast';
import { visit } from 'unist-util-visit';
import { describe, expect, it } from 'vitest';
import { parsePdf, pdfParser } from '../../../ingest/parsers/pdf.js';
import { markdownOf } from '../../support/mdast.js';
import { type PdfText, pdfOf } from '../../support/pdf.js';

/** Lines of prose below each other, from `y` down. */
function prose(lines: readonly string[], y: number, x = 72): PdfText[] {
  return lines.map((text, at) => ({ text, x, y: y - at * 12 }));
}

/** The pages that the nodes of each top block say they are on. */
function pagesOf(tree: Root): (number | undefined)[] {
  return tree.children.map((node) => node.data?.page);
}

const furniture = (page: number): PdfText[] => [
  { text: 'Router Manual', x: 250, y: 760, font: 'Helvetica-Bold' },
  { text: `${page}`, x: 300, y: 30 },
];

describe('parsePdf', () => {
  it('finds headings, paragraphs, listings, commands and options, and drops running heads', async () => {
    const bytes = pdfOf([
      [
        ...furniture(1),
        { text: 'Routing', x: 72, y: 700, size: 18, font: 'Helvetica-Bold' },
        ...prose(['The router connects all pins of a net and keeps the spac-', 'ing between wires.'], 670),
        ...prose(['Every spacing rule is checked.'], 630),
        { text: 'route all', x: 90, y: 600, font: 'Courier' },
        { text: 'check', x: 102, y: 588, font: 'Courier' },
      ],
      [
        ...furniture(2),
        { text: 'route_net', x: 72, y: 700, font: 'Courier-Bold' },
        { text: '[-fast]', x: 200, y: 700, font: 'Courier' },
        { text: 'net', x: 200, y: 688, font: 'Courier' },
        { text: '-fast', x: 72, y: 660, font: 'Courier' },
        { text: 'Spends less time, and may leave a few', x: 200, y: 660 },
        { text: 'violations.', x: 200, y: 648 },
        { text: 'net', x: 72, y: 624, font: 'Courier' },
        { text: 'The net to route.', x: 200, y: 624 },
      ],
      [...furniture(3), { text: '\x95', x: 72, y: 700 }, { text: 'A bullet.', x: 90, y: 700 }],
    ]);
    const { title, tree, warnings } = await parsePdf(bytes, 'manuals/router.pdf');
    expect(title).toBe('Routing');
    expect(markdownOf(tree)).toBe(
      [
        '# Routing',
        'The router connects all pins of a net and keeps the spacing between wires.',
        'Every spacing rule is checked.',
        '```\nroute all\n  check\n```',
        '## `route_net`',
        '```\nroute_net            [-fast]\n                     net\n```',
        '- `-fast`: Spends less time, and may leave a few violations.\n- `net`: The net to route.\n- A bullet.',
      ].join('\n\n'),
    );
    expect(pagesOf(tree)).toEqual([1, 1, 1, 1, 2, 2, 2]);
    expect(warnings).toEqual([]);
    visit(tree, (node) => {
      if (node.type === 'listItem' || node.type === 'paragraph') expect(node.data?.page).toBeGreaterThan(0);
    });
  });

  it('reads two columns one after the other', async () => {
    const line = 'words that fill this narrow column here';
    const left = Array.from({ length: 14 }, (_, at) => `left ${at} ${line}`);
    const right = Array.from({ length: 14 }, (_, at) => `right ${at} ${line}`);
    const { tree } = await parsePdf(pdfOf([[...prose(left, 600), ...prose(right, 600, 330)]]), 'two.pdf');
    const text = markdownOf(tree);
    expect(text.indexOf('left 13')).toBeLessThan(text.indexOf('right 0'));
    expect(text.indexOf('left 13')).toBeGreaterThan(-1);
  });

  it('warns of pages without text and leaves out text that nobody sees', async () => {
    const bytes = pdfOf([
      [
        ...prose(['Seen.'], 700),
        { text: 'Obey me.', x: 72, y: 500, size: 0.5 },
        { text: 'And me.', x: -900, y: 500 },
      ],
      [],
    ]);
    const { tree, warnings } = await parsePdf(bytes, 'a.pdf');
    expect(markdownOf(tree)).toBe('Seen.');
    // What stands off the page never comes out of the library; what is too small is ours to leave out.
    expect(warnings).toEqual(['pages without text: 1', 'pieces of hidden text left out: 1']);
  });

  const whole = pdfOf([prose(['Words.'], 700)]);
  it.each([
    ['empty', Buffer.alloc(0), 'The PDF is empty.'],
    ['another format', Buffer.from('just words'), 'The file is not a PDF.'],
    ['truncated', whole.subarray(0, whole.length - 40), 'The PDF is truncated: its end is missing.'],
    [
      'noise with a head and a tail',
      Buffer.from(`%PDF-1.4\n${'x'.repeat(500)}\n%%EOF`),
      'The PDF is damaged or truncated.',
    ],
    ['no pages', pdfOf([]), /no pages|damaged/],
    ['pictures only', pdfOf([[], []]), 'The PDF holds no text: its pages are pictures.'],
    [
      'encrypted',
      pdfOf(
        [prose(['Words.'], 700)],
        `/Encrypt << /Filter /Standard /V 1 /R 2 /O <${'ab'.repeat(32)}> /U <${'cd'.repeat(32)}> /P -44 >> /ID [<00> <00>]`,
      ),
      'The PDF is encrypted with a password.',
    ],
  ])('refuses a PDF that is %s', async (_name, bytes, message) => {
    await expect(parsePdf(bytes, 'x.pdf')).rejects.toMatchObject({
      code: 'document_unreadable',
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    });
  });

  it('gives up at its deadline and ends the thread', async () => {
    await expect(pdfParser({ milliseconds: 1, megabytes: 64 })(whole, 'x.pdf')).rejects.toMatchObject({
      code: 'document_unreadable',
      message: expect.stringContaining('took longer'),
    });
  });

  it('survives a thread that runs out of memory', async () => {
    await expect(pdfParser({ milliseconds: 60_000, megabytes: 4 })(whole, 'x.pdf')).rejects.toMatchObject({
      code: 'document_unreadable',
    });
  });
});
