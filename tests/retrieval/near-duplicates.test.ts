// Passages that say the same: one is shown, the others are named.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collapse } from '../../src/retrieval/near-duplicates.js';
import type { Passage } from '../../src/retrieval/passage.js';

interface Said {
  readonly document: string;
  readonly text: string;
  readonly title?: string;
  readonly path?: readonly string[];
  readonly line?: number;
}

/** Passages in the order given, best first. */
function ranked(...all: Said[]): Passage[] {
  return all.map(({ document, text, title = 'Placement', path = ['Options'], line = 1 }, at) => ({
    id: `${document}#${line}`,
    ordinal: line,
    path,
    text,
    place: { line },
    href: `https://docs.example.com/${document}#L${line}`,
    document: {
      id: `s:${document}`,
      source: 's',
      path: document,
      title,
      contentHash: 'h',
      audience: ['public'],
      version: '',
    },
    score: 100 - at,
  }));
}

const shown = (passages: readonly Passage[]) => passages.map(({ id }) => id);
const named = (passages: readonly Passage[]) =>
  passages.map(({ alsoIn = [] }) => alsoIn.map(({ document }) => document.path));

const DENSITY =
  'The target density says how full the bins of the placement grid may become; the default is 0.7. Lower values spread the cells, higher ones pack them.';

describe('collapse', () => {
  it('shows the same page of two documents once and names the other', () => {
    const found = collapse(
      ranked(
        { document: 'a/gpl.md', text: DENSITY, line: 4 },
        { document: 'x.md', text: 'Something else entirely.' },
        { document: 'b/gpl.md', text: DENSITY.toUpperCase().replaceAll(' ', '  '), line: 9 },
      ),
    );
    expect(shown(found)).toEqual(['a/gpl.md#4', 'x.md#1']);
    expect(found[0]?.alsoIn).toMatchObject([
      {
        document: { path: 'b/gpl.md' },
        path: ['Options'],
        place: { line: 9 },
        href: 'https://docs.example.com/b/gpl.md#L9',
        differs: false,
      },
    ]);
    expect(found[1]).not.toHaveProperty('alsoIn');
  });

  it('shows the newest version whole where one value differs, in the place of the best ranked', () => {
    const older = { document: 'docs/v1.2/gpl.md', text: DENSITY };
    const newer = { document: 'docs/v1.3/gpl.md', text: DENSITY.replace('0.7', '0.75') };
    const between = { document: 'x.md', text: 'Something else entirely.' };
    const found = collapse(ranked(older, between, newer));
    expect(shown(found)).toEqual(['docs/v1.3/gpl.md#1', 'x.md#1']);
    expect(found[0]).toMatchObject({ text: newer.text, score: 100, alsoIn: [{ differs: true }] });
    expect(shown(collapse(ranked(newer, between, older)))).toEqual(['docs/v1.3/gpl.md#1', 'x.md#1']);
  });

  it('keeps the better ranked where nothing says which is newer', () => {
    const found = collapse(
      ranked({ document: 'a.md', text: DENSITY }, { document: 'b.md', text: DENSITY.replace('0.7', '0.75') }),
    );
    expect(shown(found)).toEqual(['a.md#1']);
  });

  it('takes a page with a reworded sentence for the same page', () => {
    const long = `${DENSITY} The grid has square bins. Each bin holds about ten cells. The engine moves cells until no bin is over its target, and reports the overflow after every pass of the solver. It stops below ten percent.`;
    const found = collapse(
      ranked(
        { document: 'a.md', text: long },
        { document: 'b.md', text: long.replace('about ten cells', 'about a dozen cells') },
      ),
    );
    expect(named(found)).toEqual([['b.md']]);
  });

  it.each<[string, Said, Said]>([
    [
      'the same few words under another command',
      { document: 'a.md', text: 'Default: 0.', path: ['-pad_left'] },
      { document: 'b.md', text: 'Default: 0.', path: ['-pad_right'] },
    ],
    [
      'the same few words of another tool',
      { document: 'a.md', text: 'Run the tests with `make test`.', title: 'Clock tree' },
      { document: 'b.md', text: 'Run the tests with `make test`.', title: 'Global routing' },
    ],
    [
      'two commands that differ in one word',
      { document: 'a.md', text: 'Sets the delay of input ports.', title: 'set_input_delay' },
      { document: 'b.md', text: 'Sets the delay of output ports.', title: 'set_output_delay' },
    ],
    [
      'sections of one document, however alike',
      { document: 'a.md', text: DENSITY },
      { document: 'a.md', text: DENSITY, line: 40 },
    ],
    ['part of a page', { document: 'a.md', text: DENSITY }, { document: 'b.md', text: DENSITY.slice(0, 60) }],
  ])('keeps apart %s', (_name, one, other) => {
    expect(shown(collapse(ranked(one, other)))).toHaveLength(2);
  });

  it.each(['', '  ', '—', '😀', 'word', 'x'.repeat(50_000)])('takes %j without failing', (text) => {
    expect(collapse(ranked({ document: 'a.md', text }, { document: 'b.md', text }))).toHaveLength(1);
    expect(collapse([])).toEqual([]);
  });

  it('keeps the order, loses nothing, names each once, and changes nothing the second time', () => {
    const words = fc.constantFrom('density', 'clock', 'the', 'bin', '0.7', '0.75', 'grid', 'skew');
    const said = fc.record({
      document: fc.constantFrom('v1/a.md', 'v2/a.md', 'old/a.md', 'b.md', 'c.md', 'd.md'),
      text: fc.oneof(
        fc.array(words, { maxLength: 12 }).map((all) => all.join(' ')),
        fc.constantFrom(
          DENSITY,
          DENSITY.replace('0.7', '0.75'),
          `${DENSITY} More.`,
          `${DENSITY} And more of it.`,
        ),
      ),
      title: fc.constantFrom('Placement', 'Clock'),
    });
    fc.assert(
      fc.property(fc.array(said, { maxLength: 25 }), (all) => {
        const passages = ranked(...all.map((one, at) => ({ ...one, line: at })));
        const found = collapse(passages);
        const everywhere = found.flatMap(({ document, place, alsoIn = [] }) => [
          `${document.path}:${place.line}`,
          ...alsoIn.map((copy) => `${copy.document.path}:${copy.place.line}`),
        ]);
        expect(everywhere.sort()).toEqual(
          passages.map(({ document, place }) => `${document.path}:${place.line}`).sort(),
        );
        const scores = found.map(({ score }) => score);
        expect(scores).toEqual([...scores].sort((a, b) => b - a));
        expect(scores[0]).toBe(passages[0]?.score);
        expect(collapse(found)).toEqual(found);
      }),
    );
  });
});
