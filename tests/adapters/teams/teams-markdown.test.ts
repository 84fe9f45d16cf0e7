// Markdown for Teams: what its clients draw, and nothing that pings.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainToMarkdown, settledMarkdown, teamsMarkdown } from '../../../adapters/teams/teams-markdown.js';

describe('what is redrawn', () => {
  it.each([
    ['# Title `x` [1]', '**Title x [1]**'],
    ['## set_units *now*', '**set_units now**'],
    ['Title\n=====\n\ntext', '**Title**\n\ntext'],
    ['a < b <at>x</at>', 'a &lt; b &lt;at>x&lt;/at>'],
    ['`a < b`', '`a < b`'],
    ['```\nvector<int> v;\n```', '```\nvector<int> v;\n```'],
    ['`<at>x</at>`', '`< at>x< /at>`'],
    ['```\n<AT>x</AT>\n```', '```\n< AT>x< /AT>\n```'],
    ['**bold** _it_ [1]\n\n- a\n- b', '**bold** _it_ [1]\n\n- a\n- b'],
    ['> quote < x', '> quote &lt; x'],
    ['', ''],
  ])('%j becomes %j', (markdown, drawn) => {
    expect(teamsMarkdown(markdown)).toBe(drawn);
  });

  it('draws a narrow table in a fixed font', () => {
    const table = '| Flag | Meaning |\n| --- | ---: |\n| `-a` | all |\n| -bb | **both** |';
    expect(teamsMarkdown(`Before\n\n${table}\n\nAfter`)).toBe(
      'Before\n\n```\nFlag | Meaning\n-----|--------\n-a   | all\n-bb  | both\n```\n\nAfter',
    );
  });

  it('draws a table with markers as a list, where the markers still work', () => {
    const table = '| Flag | Meaning |\n| --- | --- |\n| -a | all [1] |\n| -b |  |';
    expect(teamsMarkdown(table)).toBe('- **Flag**: -a; **Meaning**: all [1]\n- **Flag**: -b');
  });

  it('draws a wide table as a list', () => {
    const wide = 'word '.repeat(15).trim();
    expect(teamsMarkdown(`| a | b |\n|---|---|\n| x_1 | ${wide} |`)).toBe(`- **a**: x_1; **b**: ${wide}`);
  });

  it('keeps a table inside its quote or list', () => {
    expect(teamsMarkdown('> | a |\n> | - |\n> | 1 |')).toBe('> ```\n> a\n> -\n> 1\n> ```');
    expect(teamsMarkdown('- x\n\n  | a |\n  | - |\n  | 1 |')).toContain('  ```\n  a\n  -\n  1\n  ```');
  });

  it('never lets an `<at` through, whatever the Markdown', () => {
    const piece = fc.constantFrom(
      '<at>',
      '</at>',
      '<',
      'at',
      '`',
      '```\n',
      '\n',
      '|',
      '| - |\n',
      '# ',
      '> ',
      '- ',
      '\\',
      'x',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        expect(teamsMarkdown(pieces.join(''))).not.toMatch(/<\/?at\b/i);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('what later words would redraw', () => {
  it.each([
    ['Text\n\n# Hea', 'Text'],
    ['Text\n\n| a | b', 'Text'],
    ['Text\n\n| a |\n| - |\n| 1 |', 'Text'],
    ['| a', ''],
    ['Text\n\n| a |\n| - |\n| 1 |\n\nMore', 'Text\n\n| a |\n| - |\n| 1 |\n\nMore'],
    ['Text \n', 'Text'],
    ['```\ncode', '```\ncode'],
    ['', ''],
  ])('%j shows %j', (draft, shown) => {
    expect(settledMarkdown(draft)).toBe(shown);
  });
});

describe('plain text', () => {
  it.each([
    ['set_wire_rc -layer met_1', 'set_wire_rc -layer met_1'],
    ['_a_ *b* `c` [d](e) ~f~', '\\_a\\_ \\*b\\* \\`c\\` \\[d\\](e) \\~f\\~'],
    ['<at>x</at>', '&lt;at>x&lt;/at>'],
    ['C:\\x', 'C:\\\\x'],
  ])('%j becomes %j', (text, markdown) => {
    expect(plainToMarkdown(text)).toBe(markdown);
  });
});
