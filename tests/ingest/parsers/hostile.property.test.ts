// Whatever bytes come in, a parser ends in a document or in one clear error, and never points outside the file.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Parser } from '../../../ingest/parsed-document.js';
import { parseDocx } from '../../../ingest/parsers/docx.js';
import { parseHtml } from '../../../ingest/parsers/html.js';
import { parseMan } from '../../../ingest/parsers/man.js';
import { parsePdf } from '../../../ingest/parsers/pdf.js';
import { parseRst } from '../../../ingest/parsers/rst.js';
import { parseText } from '../../../ingest/parsers/text.js';
import { ChipwrightError } from '../../../src/errors.js';
import { misplaced } from '../../support/mdast.js';
import { pdfOf } from '../../support/pdf.js';

const PIECES = [
  '====',
  '-----',
  '.. note::',
  '.. option:: -x',
  '.. code::',
  '.. list-table::',
  '   :header: a',
  '   * - a',
  '     - b',
  '.. |a| replace:: |a|',
  '|a| b_ `c <d>`_',
  '== ==',
  '+--+--+',
  '| a | b |',
  '- item',
  '#. item',
  'Term',
  '   body',
  '',
  '::',
  '.TH A 1',
  '.SH X',
  '.TP',
  '.nf',
  '.fi',
  '.It Fl a',
  '.Bl',
  '.B "x',
  '\\fBx\\fP',
  '<div hidden>',
  '</div>',
  '<table><tr>',
  '<td>x',
  '<pre>',
  '&',
  '<p>one &',
  '1. Title',
  '```',
  '**a* ``b`',
  '\t\ttabs',
  '.. [1] note',
  ':field: x',
  '>>> x',
  '"""',
  '| line',
  '__ http://x',
];
const lines = fc.array(fc.oneof(fc.constantFrom(...PIECES), fc.string()), { maxLength: 60 });

async function outcome(parser: Parser, bytes: Buffer): Promise<void> {
  try {
    const document = await parser(bytes, 'folder/file.x');
    expect(document.title).not.toBe('');
    const count = bytes.toString('latin1').split(/\r\n?|\n/).length;
    expect(misplaced(document.tree, count)).toEqual([]);
  } catch (error) {
    expect(error).toBeInstanceOf(ChipwrightError);
  }
}

describe.each([
  ['parseText', parseText],
  ['parseRst', parseRst],
  ['parseMan', parseMan],
  ['parseHtml', parseHtml],
])('%s', (_name, parser) => {
  it('reads any lines', async () => {
    await fc.assert(
      fc.asyncProperty(lines, (all) => outcome(parser, Buffer.from(all.join('\n')))),
      { numRuns: 200 },
    );
  });

  it('reads or refuses any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), (all) => outcome(parser, Buffer.from(all))),
    );
  });

  it.each([
    ['open emphasis', ' *a **b `c ``d |e :f:`g'],
    ['titles', 'Title\n=====\n'],
    ['borders', '== ==\nx\n\n'],
    ['bullets in bullets', '- '],
    ['open tags', '<b><i><table><tr><td>'],
    ['options', '.. option:: -x\n\n'],
    ['backslashes', '\\f\\*[\\(x'],
    ['indents', '\t'],
  ])('does not slow down on many %s', async (_kind, piece) => {
    await outcome(parser, Buffer.from(piece.repeat(Math.ceil(60_000 / piece.length))));
  });
});

describe('the formats that are read in a thread', () => {
  it.each([
    ['parsePdf', parsePdf],
    ['parseDocx', parseDocx],
  ])('%s reads or refuses any damage', async (_name, parser) => {
    const sound = pdfOf([[{ text: 'Words.', x: 72, y: 700 }]]);
    await fc.assert(
      fc.asyncProperty(fc.nat(sound.length - 60), fc.uint8Array({ maxLength: 50 }), (at, noise) => {
        const damaged = Buffer.from(sound);
        damaged.set(noise, at);
        return outcome(parser, damaged);
      }),
      { numRuns: 6 },
    );
  });
});
