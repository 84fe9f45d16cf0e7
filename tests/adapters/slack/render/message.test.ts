// What an answer looks like in Slack: chip text untouched, sources linked, and blocks that Slack takes.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  answerParts,
  draftPart,
  MESSAGE_CHARS,
  noticePart,
} from '../../../../adapters/slack/render/message.js';
import { safe, sampleAnswer, sampleCitation, sampleNotice } from '../../../support/sample-answer.js';
import { blockError, textOfBlocks } from '../../../support/slack-blocks.js';

const parts = (markdown: string, over: Parameters<typeof sampleAnswer>[0] = {}) =>
  answerParts(sampleAnswer({ citations: [], ...over, markdown }));
const shown = (markdown: string) => textOfBlocks(parts(markdown)[0]?.blocks);
const elements = (markdown: string) => JSON.parse(JSON.stringify(parts(markdown)[0]?.blocks)) as unknown;

describe('chip text', () => {
  it.each([
    'data[31:0] and q[WIDTH-1:0]',
    'set x $env(PDK_ROOT)',
    'a_b_c and d_e_f',
    '2 * x * y',
    'if a < b && c > d',
    'mask ~en & ~rst',
    'key:value and 12:30:45',
    'a@b and @scope/pkg',
  ])('stays in prose: %s', (text) => {
    expect(shown(text)).toBe(text);
  });

  it.each([
    'assign q[31:0] = a_b * c_d & ~mask;',
    'always @(posedge clk) q <= d;',
    'if (a <!b) x <@ y',
    'foreach x [get_cells *] { puts "$x" }',
    '*bold* _it_ ~no~ <b> &amp; :smile:',
  ])('stays in code: %s', (code) => {
    expect(shown(`\`\`\`\n${code}\n\`\`\``)).toBe(code);
    expect(shown(`Use \`${code.replaceAll('`', '')}\` here`)).toBe(`Use ${code} here`);
  });
});

describe('styles', () => {
  it('become rich text', () => {
    expect(elements('# Head\n\n**bold** *it* ~~no~~ `code` [1]')).toMatchObject([
      {
        type: 'rich_text',
        elements: [
          {
            type: 'rich_text_section',
            elements: [
              { text: 'Head', style: { bold: true } },
              { text: '\n\n' },
              { text: 'bold', style: { bold: true } },
              { text: ' ' },
              { text: 'it', style: { italic: true } },
              { text: ' ' },
              { text: 'no', style: { strike: true } },
              { text: ' ' },
              { text: 'code', style: { code: true } },
              { text: ' [1]' },
            ],
          },
        ],
      },
    ]);
  });

  it('nest lists, and go on counting after what interrupts them', () => {
    expect(shown('1. one\n   - inner\n2. two\n\n   ```\n   code\n   ```\n3. three')).toBe(
      '1. one\n• inner\n2. two\ncode\n3. three',
    );
    expect(shown('- [x] done\n- [ ] open\n-')).toBe('• ☑ done\n• ☐ open\n•  ');
  });

  it('quote', () => {
    expect(shown('> first\n>\n> second')).toBe('first\nsecond');
  });

  it('keep the words of a link and of HTML, and drop what they do', () => {
    expect(shown('[words](https://evil.example) <b>x</b>')).toBe('words <b>x</b>');
    expect(JSON.stringify(elements('![alt](https://evil.example/a.png) https://evil.example'))).not.toContain(
      '"link"',
    );
  });
});

describe('tables', () => {
  const table = '| Name | Default |\n| :-- | --: |\n| A_B | 0.6 |\n| C | |';

  it('are native, without empty cells', () => {
    expect(elements(table)).toMatchObject([
      { type: 'table', column_settings: [{ align: 'left' }, { align: 'right' }] },
    ]);
    expect(shown(table)).toBe('Name | Default\nA_B | 0.6\nC |  ');
  });

  it('are aligned text where Slack would refuse a second one', () => {
    const blocks = parts(`${table}\n\nand\n\n${table}`)[0]?.blocks;
    expect(blocks?.map(({ type }) => type)).toEqual(['table', 'rich_text']);
    expect(textOfBlocks(blocks)).toContain('Name  Default\nA_B   0.6\nC');
    expect(blockError(blocks)).toBeUndefined();
  });

  it('of too many columns are aligned text', () => {
    const wide = Array.from({ length: 21 }, (_, at) => `c${at}`).join(' | ');
    expect(parts(`| ${wide} |\n|${' - |'.repeat(21)}\n| ${wide} |`)[0]?.blocks[0]?.type).toBe('rich_text');
  });
});

describe('what stands under an answer', () => {
  it('lists sources with marker, path, link and place', () => {
    const [part] = answerParts(sampleAnswer());
    expect(textOfBlocks(part?.blocks)).toBe(
      'Set the density to 0.6 [1].\nSources\n[1] Placement guide 1 › Global placement › Density <https://docs.example.com/placement-1.html> — docs/placement.md:10',
    );
  });

  it('lists sources without a link or a place too', () => {
    const citation = { ...sampleCitation(1, { path: [], place: '' }), href: undefined } as never;
    expect(textOfBlocks(answerParts(sampleAnswer({ citations: [citation] }))[0]?.blocks)).toContain(
      '\n[1] Placement guide 1',
    );
  });

  it('says what came near when there is no answer, and cites nothing', () => {
    const refused = sampleAnswer({
      grounding: 'refused',
      citations: [],
      nearest: [sampleCitation(7)],
      markdown: 'No.',
    });
    const text = textOfBlocks(answerParts(refused)[0]?.blocks);
    expect(text).toContain('Closest documents\n• Placement guide 7');
    expect(text).toContain(`“${sampleCitation(7).excerpt}”`);
    expect(text).not.toContain('[7]');
  });

  it('gets a message of its own when there is no room left', () => {
    const citations = Array.from({ length: 200 }, (_, at) => sampleCitation(at + 1));
    const all = parts('a'.repeat(MESSAGE_CHARS), { citations });
    expect(all.length).toBeGreaterThan(2);
    for (const part of all) expect(blockError(part.blocks)).toBeUndefined();
    expect(
      all
        .map((part) => textOfBlocks(part.blocks))
        .join('\n')
        .match(/^\[\d+\] /gm),
    ).toHaveLength(200);
  });
});

describe('the line for notifications', () => {
  it('is the first line of the answer, escaped', () => {
    expect(parts('**Set** `a<b` & go.\n\nMore.')[0]?.text).toBe('Set a&lt;b &amp; go.');
    expect(parts('x'.repeat(400))[0]?.text).toHaveLength(150);
    expect(parts('Ask @channel <!here>')[0]?.text).toBe('Ask @\u200bchannel &lt;\u200b!here&gt;');
  });

  it('says something even of an empty answer', () => {
    expect(parts('')[0]?.text).not.toBe('');
    expect(blockError(parts('')[0]?.blocks)).toBeUndefined();
  });
});

describe('Slack takes the blocks', () => {
  it('of every answer, also in plain form', () => {
    const piece = fc.constantFrom(
      '# ',
      '- ',
      '1. ',
      '> ',
      '`',
      '```',
      '\n',
      '\n\n',
      '| a | b |\n| - | - |\n',
      '| | x |\n',
      '**',
      '*',
      '~~',
      '[1]',
      ' ',
      'word',
      '<!channel>',
      '<b>',
      '@here',
      '![a](b)',
      '[a](b)',
      '- [ ] ',
      '---\n',
      '\\',
      '&amp;',
      '\u0000',
      '\u{1F600}',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        for (const part of [...parts(pieces.join('')), draftPart(safe(pieces.join('')))]) {
          expect(blockError(part.blocks)).toBeUndefined();
          expect(blockError(part.plain)).toBeUndefined();
          expect(JSON.stringify(part)).not.toMatch(/<!channel>|@here\b/);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('of a huge answer, in messages under the limit', () => {
    const markdown = Array.from({ length: 400 }, (_, at) => `Paragraph ${at} ${'word '.repeat(40)}`).join(
      '\n\n',
    );
    const all = parts(markdown);
    for (const part of all) expect(textOfBlocks(part.blocks).length).toBeLessThanOrEqual(MESSAGE_CHARS);
    expect(all.length).toBeLessThan(12);
  });

  it('of a notice', () => {
    const part = noticePart(sampleNotice({ text: `Failed. ${'x'.repeat(8_000)}` }));
    expect(blockError(part.blocks)).toBeUndefined();
    expect(textOfBlocks(part.blocks)).toContain('Reference: ref-1');
  });
});
