// Which citations stay, which go, and what is counted as backed.
import fc from 'fast-check';
import type { Nodes } from 'mdast';
import { describe, expect, it } from 'vitest';
import { checkCitations } from '../../src/orchestrator/citations.js';
import { parseMarkdown, sanitise } from '../../src/safety/sanitise.js';

const PASSAGES = [
  'Hold slack is checked at the fast corner with minimum delays.',
  'The report_checks command prints the worst path; -path_delay max selects setup checks.',
  'Buffers are inserted by repair_timing -hold until the hold slack is positive, at most 500 of them.',
  'Antenna violations are repaired with diodes after global routing.',
  'The clock tree is balanced by TritonCTS.',
].map((text, at) => ({ marker: at + 1, title: `Timing guide > Part ${at + 1}`, text }));

/** Markers a reader would see outside code. */
function markersIn(markdown: string): number[] {
  const found: number[] = [];
  const walk = (node: Nodes): void => {
    if (node.type === 'text')
      for (const [, n] of node.value.matchAll(/\[(\d{1,2})\]/g)) found.push(Number(n));
    else if ('children' in node) node.children.forEach(walk);
  };
  walk(parseMarkdown(markdown));
  return found;
}

const check = (text: string) => checkCitations(sanitise(text), PASSAGES);

describe('checkCitations', () => {
  it.each([
    ['Hold slack is checked at the fast corner [1].', 'Hold slack is checked at the fast corner [1].', [1]],
    ['Hold slack is checked at the fast corner. [1]', 'Hold slack is checked at the fast corner. [1]', [1]],
    [
      'Diodes repair antenna violations [4]. Hold slack is checked at the fast corner [1].',
      'Diodes repair antenna violations [1]. Hold slack is checked at the fast corner [2].',
      [4, 1],
    ],
    [
      'Hold slack at the fast corner is repaired with buffers [1, 3].',
      'Hold slack at the fast corner is repaired with buffers [1][2].',
      [1, 3],
    ],
    [
      'Hold slack at the fast corner is repaired with buffers [1][3].',
      'Hold slack at the fast corner is repaired with buffers [1][2].',
      [1, 3],
    ],
    ['Hold slack is checked at the fast corner【1】.', 'Hold slack is checked at the fast corner[1].', [1]],
    [
      'Hold slack is checked at the fast corner 【1†source】.',
      'Hold slack is checked at the fast corner [1].',
      [1],
    ],
    ['Hold slack is checked at the fast corner [^1].', 'Hold slack is checked at the fast corner [1].', [1]],
    [
      'Hold slack is checked at the fast corner [Passage 1].',
      'Hold slack is checked at the fast corner [1].',
      [1],
    ],
    [
      'Hold slack is checked at the fast corner \\[1\\].',
      'Hold slack is checked at the fast corner [1].',
      [1],
    ],
    [
      'Hold slack is checked at the fast corner [1][9].',
      'Hold slack is checked at the fast corner [1].',
      [1],
    ],
    [
      'Hold slack is checked at the fast corner [[1]](https://x.com).',
      'Hold slack is checked at the fast corner [1].',
      [1],
    ],
    [
      'Hold slack is checked at the fast corner [1](https://x.com).',
      'Hold slack is checked at the fast corner [1].',
      [1],
    ],
    [
      'Use `report_checks`[2] to print the worst path.',
      'Use `report_checks`[1] to print the worst path.',
      [2],
    ],
    [
      'Hold slack of q_reg[3] is checked at the fast corner [1].',
      'Hold slack of `q_reg[3]` is checked at the fast corner [1].',
      [1],
    ],
    [
      'Hold slack is checked at the fast corner (1) [1].',
      'Hold slack is checked at the fast corner (1) [1].',
      [1],
    ],
    [
      'Hold slack is checked at the fast corner for bus[31:0] [1].',
      'Hold slack is checked at the fast corner for bus[31:0] [1].',
      [1],
    ],
  ])('keeps %j as %j', (text, expected, cited) => {
    expect(check(text)).toMatchObject({ text: expected, cited });
  });

  it('reads a range', () => {
    expect(
      check('Hold slack, report_checks and buffers: minimum delays, worst path, repair_timing [1-3].').cited,
    ).toEqual([1, 2, 3]);
  });

  it.each([
    'The hold slack is checked at the fast corner [9].',
    'The hold slack is checked at the fast corner [0].',
    'The hold slack is checked at the fast corner [3-1].',
    'The hold slack is checked at the fast corner.',
    'The hold slack is checked at the fast corner (1).',
    'Coffee is served in the kitchen at ten [1].',
    'Place macros along the core boundary with a halo of 12.5 um [2].',
    '# Hold slack is checked at the fast corner [1]',
    'Is hold slack checked at the fast corner [7]?',
    '```\nhold slack is checked at the fast corner [1]\n```',
    'See `hold slack is checked at the fast corner [1]`.',
    '',
  ])('finds no backed citation in %j', (text) => {
    const { cited, backed } = check(text);
    expect(backed).toBe(0);
    if (!text.startsWith('#')) expect(cited).toEqual([]);
  });

  it('leaves code alone', () => {
    const code = '```tcl\nset x [lindex $list 1] ;# [1] [9]\n```';
    expect(check(`Hold slack is checked at the fast corner \`a[9]\` [1].\n\n${code}`).text).toContain(code);
    expect(check('Hold slack is checked at the fast corner `a[9]` [1].').text).toContain('`a[9]`');
  });

  it.each([
    ['Hold slack is checked at the fast corner [1]. The moon is made of green cheese.', 2, 1],
    ['Hold slack is checked at the fast corner [1]. Green cheese makes the whole moon [2].', 2, 1],
    ['Hold slack is checked at the fast corner [1]. The passages do not say how to fix it.', 1, 1],
    ['Hold slack is checked at the fast corner [1]. Which corner do you use?', 1, 1],
    [
      'To repair it, do this:\n\n- Buffers are inserted by `repair_timing -hold` [3].\n- Diodes repair antenna violations [4].',
      2,
      2,
    ],
    ['# Repair of hold slack here\n\nBuffers are inserted by `repair_timing` [3].', 1, 1],
    ['Yes. Buffers are inserted by `repair_timing`, e.g. for hold slack [3].', 1, 1],
    [
      'The repairs of hold slack are buffers and more [3]:\n\n- buffers until hold slack is positive\n- green cheese on the moon',
      3,
      2,
    ],
    [
      '| Check | Corner |\n|---|---|\n| hold slack | fast corner, minimum delays [1] |\n| green cheese | moon surface only |',
      2,
      1,
    ],
  ])('counts in %j %i claims, %i backed', (text, claims, backed) => {
    expect(check(text)).toMatchObject({ claims, backed });
  });

  it('lets a passage stand beside another only when it adds something', () => {
    expect(check('Hold slack is checked at the fast corner with minimum delays [1][4].').cited).toEqual([1]);
  });

  it.each(['>  [1] ```\n [9] ```\n', '【3】 #  ```\n \\[1\\] ```\n'])(
    'leaves no marker that only stands in prose once another was taken out: %j',
    (markdown) => {
      const { text, cited } = check(markdown);
      for (const n of markersIn(text)) expect(n).toBeLessThanOrEqual(cited.length);
    },
  );

  it('never leaves a marker without a passage, and comes to rest', () => {
    const piece = fc.constantFrom(
      'Hold slack is checked at the fast corner',
      'Diodes repair antenna violations',
      '[1]',
      '[9]',
      '[2][4]',
      '【3】',
      '[1, 5]',
      '. ',
      '\n\n',
      '- ',
      '`x[7]`',
      '```\n',
      'q_reg[2]',
      'why?',
      ': ',
      '| a |\n|---|\n| ',
      '> ',
      '# ',
      '\\[1\\]',
      '[^2]',
      '*',
      '[',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        const { text, cited, claims, backed } = check(pieces.join(' '));
        expect(backed).toBeLessThanOrEqual(claims);
        expect(new Set(cited).size).toBe(cited.length);
        for (const marker of cited) expect(marker >= 1 && marker <= 5).toBe(true);
        for (const n of markersIn(text)) expect(n).toBeLessThanOrEqual(cited.length);
      }),
      { numRuns: 400 },
    );
  }, 120_000);
});

describe('the context of a passage', () => {
  const passages = [
    {
      marker: 1,
      title: 'Timing guide > Options',
      text: 'The option `-hold` selects minimum delays.',
      context: { before: 'Slack is repaired by repair_timing after routing.', after: 'Diodes come last.' },
    },
  ];
  const backed = (text: string) => checkCitations(sanitise(text), passages).backed;

  it('backs what is cited by the number of the passage, as it stands beside it on the page', () => {
    expect(backed('Slack is repaired by `repair_timing` after routing [1].')).toBe(1);
    expect(backed('Diodes come last of all [1].')).toBe(1);
    expect(backed('Antenna violations need jumpers on upper layers [1].')).toBe(0);
  });
});
