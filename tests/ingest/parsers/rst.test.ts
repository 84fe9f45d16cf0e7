// reStructuredText: sections, directives, tables and inline markup as docutils and Sphinx write them.
import { describe, expect, it } from 'vitest';
import { parseRst } from '../../../ingest/parsers/rst.js';
import { markdownOf, placesOf } from '../../support/mdast.js';

const parse = (source: string) => parseRst(Buffer.from(source), 'guide/options.rst');
const read = async (source: string): Promise<string> => markdownOf((await parse(source)).tree);

describe('parseRst', () => {
  it('ranks titles by the order of their adornments, over and under or under alone', async () => {
    const { title, tree } = await parse('====\nTool\n====\n\nPart\n----\n\nDeep\n~~~~\n\nNext\n----\n');
    expect(title).toBe('Tool');
    expect(markdownOf(tree)).toBe('# Tool\n\n## Part\n\n### Deep\n\n## Next');
    expect(placesOf(tree, 'heading')).toEqual(['1-3', '5-6', '8-9', '11-12']);
  });

  it('reads paragraphs, lists of every kind, and definitions', async () => {
    expect(
      await read(
        'Words go\non.\n\n- one\n\n  - inner\n- two\n\n1. first\n#. second\n\n``WIDTH``\n   How wide.\n\n:Author: Me\n\n-q, --quiet  Say less.\n',
      ),
    ).toBe(
      'Words go\non.\n\n- one\n  - inner\n- two\n\n1. first\n2. second\n\n* `WIDTH`: How wide.\n* **Author**: Me\n* `-q, --quiet`: Say less.'.replaceAll(
        '\n* ',
        '\n- ',
      ),
    );
  });

  it('keeps literal and code blocks as they are, with the lines they stand on', async () => {
    const { tree } = await parse(
      'Run::\n\n   make\n     all\n\n.. code-block:: tcl\n   :caption: Place\n\n   place_pins\n\n.. highlight:: sh\n\n::\n\n  ls\n',
    );
    expect(markdownOf(tree)).toBe(
      'Run:\n\n```\nmake\n  all\n```\n\nPlace\n\n```tcl\nplace_pins\n```\n\n```sh\nls\n```',
    );
    expect(placesOf(tree, 'code')).toEqual(['3-4', '9-9', '15-15']);
  });

  it('makes headings of options and commands, one for those that share a body', async () => {
    expect(
      await read(
        'Arguments\n=========\n\n.. option:: --fast\n\n.. option:: --no-fast <why>\n\n   Be fast. See :option:`--slow <mode>`.\n\n   .. code::\n\n      tool --fast\n\n.. cmd:def:: place\n\n   Places.\n\nAnd a last word.\n',
      ),
    ).toBe(
      '# Arguments\n\n## `--fast`, `--no-fast <why>`\n\nBe fast. See `--slow`.\n\n```\ntool --fast\n```\n\n## `place`\n\nPlaces.\n\n# Arguments\n\nAnd a last word.',
    );
  });

  it('reads notes, and drops pictures, includes, comments, anchors and tables of contents', async () => {
    expect(
      await read(
        '.. note:: Mind\n   the gap.\n\n.. warning::\n\n   Hot.\n\n.. figure:: x.png\n   :alt: x\n\n   The caption.\n\n.. include:: other.rst\n.. a comment\n   of two lines\n\n.. _anchor:\n\n.. toctree::\n   :caption: Contents\n\n   one\n   two\n\n.. todo:: write this\n',
      ),
    ).toBe('**Note:** Mind\nthe gap.\n\n**Warning:** Hot.\n\nThe caption.\n\nContents');
  });

  it('reads roles, references, substitutions and escapes', async () => {
    expect(
      await read(
        '.. |tool| replace:: Router\n.. _site: https://example.org/\n\n|tool| reads :ref:`the guide <guide>`, :file:`a.lef`, ``x_`` and `--aslr`; see site_, `docs <https://example.org/d>`_, **bold**, *soft* and 2 \\* 3. A name_ stays [1]_.\n\n.. [1] A footnote.\n',
      ),
    ).toBe(
      'Router reads the guide, `a.lef`, `x_` and `--aslr`; see [site](https://example.org/), [docs](https://example.org/d), **bold**, *soft* and 2 \\* 3. A name\\_ stays \\[1].\n\n\\[1] A footnote.',
    );
  });

  it('reads the space that Verilator writes as a number, in literals and in roles', async () => {
    expect(await read('Use ``/*verilator&32;lint_off*/`` or :option:`/*verilator&32;clocker*/`.\n')).toBe(
      'Use `/*verilator lint_off*/` or `/*verilator clocker*/`.',
    );
  });

  it.each([
    [
      'simple',
      '==== =====\nKey  Value\n==== =====\na    one\n     two\nb    ``x``\n==== =====\n',
      '| a | one\ntwo |',
    ],
    [
      'grid',
      '+-----+-------+\n| Key | Value |\n+=====+=======+\n| a   | one   |\n|     | two   |\n+-----+-------+\n',
      '| a | one\ntwo |',
    ],
    ['csv', '.. csv-table:: Named\n   :header: Key, Value\n\n   a, "one, 2"\n', '| a | one, 2 |'],
    [
      'list',
      '.. list-table::\n   :header-rows: 1\n\n   * - Key\n     - Value\n   * - a\n     - one\n',
      '| a | one |',
    ],
  ])('reads a %s table', async (_kind, source, row) => {
    const { tree } = await parse(source);
    const found = tree.children.find((node) => node.type === 'table');
    expect(found).toBeDefined();
    const markdown = markdownOf({ type: 'root', children: found === undefined ? [] : [found] });
    expect(markdown).toContain('| Key | Value |');
    expect(markdown.replace(/&#xA;| (?=two)/g, '\n')).toContain(row);
  });

  it('keeps what it does not know, and never fails on malformed markup', async () => {
    expect(await read('.. mystery:: argument\n   :option: 1\n\n   The body.\n')).toBe('The body.');
    expect(await read('An *open word and ``half a literal\n\n.. code-block::\n\n=====\n')).toContain(
      'open word',
    );
  });
});
