// The retriever as a whole: over a real index, with an encoder that knows a few words by heart.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clausesOf } from '../../src/retrieval/clauses.js';
import { STRAY_QUESTIONS, strayLevel } from '../../src/retrieval/confidence.js';
import type { Encoder } from '../../src/retrieval/encoder/encoder.js';
import { HybridRetriever, type RetrieverPart } from '../../src/retrieval/hybrid-retriever.js';
import type { Index } from '../../src/retrieval/index-port.js';
import { toIndexed } from '../../src/retrieval/indexing.js';
import { RELEVANT } from '../../src/retrieval/retriever.js';
import { openSqliteIndex } from '../../src/retrieval/sqlite-index.js';
import { audience } from '../../src/safety/access.js';

/** Each direction stands for one meaning, whatever word says it. */
const MEANINGS = [
  ['clock', 'tick', 'oscillator'],
  ['route', 'routing', 'wire', 'wiring'],
  ['power', 'supply', 'voltage'],
  ['placement', 'place', 'position'],
];

function meaningEncoder(): Encoder & { encoded: string[][] } {
  const encoded: string[][] = [];
  return {
    id: 'meanings@1',
    name: 'meanings',
    dimensions: MEANINGS.length + 1,
    encoded,
    async encode(texts) {
      encoded.push([...texts]);
      return texts.map((text) => {
        const words: string[] = text.toLowerCase().match(/[a-z]+/g) ?? [];
        const values = [
          ...MEANINGS.map((meaning) => words.filter((word) => meaning.includes(word)).length),
          0.3,
        ];
        const length = Math.hypot(...values);
        return Float32Array.from(values, (value) => value / length);
      });
    },
    async close() {},
  };
}

const TEXTS = {
  'cts.md': 'The oscillator tick is distributed by a tree of buffers.',
  'grt.md': 'Wiring between cells is planned on a coarse grid.',
  'pdn.md': 'Supply stripes carry the voltage to every row.',
  'gpl.md': 'Cells get a first position that may overlap.',
};

let index: Index;
let encoder: ReturnType<typeof meaningEncoder>;

beforeEach(async () => {
  encoder = meaningEncoder();
  index = openSqliteIndex(':memory:', { encoder });
  const documents = Object.entries(TEXTS).map(([path, text]) => ({
    document: {
      id: `s:${path}`,
      source: 's',
      path,
      title: path.slice(0, 3),
      contentHash: 'h',
      audience: path === 'pdn.md' ? ['power-team'] : ['public'],
      version: '',
    },
    chunks: [{ id: path, ordinal: 0, path: [], text, place: {} }],
  }));
  await index.put(await toIndexed(documents, encoder));
  encoder.encoded.length = 0;
});
afterEach(() => index.close());

const retriever = (withEncoder = true) =>
  new HybridRetriever({ index, encoder: withEncoder ? encoder : null, now: () => 0 });

const without = (...parts: RetrieverPart[]) =>
  new HybridRetriever({ index, encoder, now: () => 0, without: new Set(parts) });

describe('the retriever', () => {
  it('finds by meaning what shares no word with the question', async () => {
    const { passages, mode } = await retriever().search('clock', audience(), 3);
    expect(passages[0]?.id).toBe('cts.md');
    expect(mode).toBe('hybrid');
  });

  it('finds by words alone when there is no encoder, and says so', async () => {
    const found = await retriever(false).search('where do buffers stand in the tree', audience(), 3);
    expect(found.passages.map(({ id }) => id)).toEqual(['cts.md']);
    expect(found.mode).toBe('lexical');
    expect((await retriever(false).search('clock', audience(), 3)).passages).toEqual([]);
  });

  it('follows the meaning where the words of a question with one need point elsewhere', async () => {
    const first = async (mode: 'lexical' | 'dense' | 'hybrid') =>
      (await retriever().search('coarse place position wire', audience(), 1, mode)).passages[0]?.id;
    expect(await first('lexical')).toBe('grt.md');
    expect(await first('dense')).toBe('gpl.md');
    expect(await first('hybrid')).toBe('gpl.md');
  });

  it('brings one passage for each need of a question', async () => {
    const { passages } = await retriever().search(
      'how is the clock made and where does routing happen',
      audience(),
      2,
    );
    expect(passages.map(({ id }) => id).sort()).toEqual(['cts.md', 'grt.md']);
    // The question and its parts go through the encoder in one batch.
    expect(encoder.encoded[0]).toHaveLength(3);
  });

  it('never shows what the asker may not read, however near it is', async () => {
    const asked = 'supply voltage stripes';
    expect((await retriever().search(asked, audience(), 4)).passages.map(({ id }) => id)).not.toContain(
      'pdn.md',
    );
    expect((await retriever().search(asked, audience(['power-team']), 4)).passages[0]?.id).toBe('pdn.md');
  });

  it('scores best first and gives no more than asked for', async () => {
    const { passages } = await retriever().search('clock wire place', audience(), 2);
    expect(passages).toHaveLength(2);
    expect(passages[0]?.score).toBeGreaterThanOrEqual(passages[1]?.score ?? Number.POSITIVE_INFINITY);
  });

  it.each(['', '   ', '?!', 'the of and', '\u0000', 'x'.repeat(100_000)])(
    'takes %j without failing',
    async (question) => {
      const { confidence } = await retriever().search(question, audience(), 3);
      expect(confidence).toBeGreaterThanOrEqual(0);
      expect(confidence).toBeLessThan(RELEVANT);
    },
  );

  it('measures stray questions once, not for each search', async () => {
    const one = retriever();
    await one.search('clock', audience(), 1);
    await one.search('wire', audience(), 1);
    const strays = encoder.encoded.filter((batch) => batch.length === STRAY_QUESTIONS.length);
    expect(strays).toHaveLength(1);
  });
});

describe('the retriever and copies of a page', () => {
  const text = 'Antenna diodes are put where a long net would charge the gate of a cell during etching.';
  const copies = (paths: Record<string, string>) =>
    Object.entries(paths).map(([path, readers]) => ({
      document: {
        id: `s:${path}`,
        source: 's',
        path,
        title: 'Antennas',
        contentHash: 'h',
        audience: [readers],
        version: '',
      },
      chunks: [{ id: path, ordinal: 0, path: [], text, place: { line: 3 } }],
    }));

  beforeEach(async () => {
    const documents = copies({
      'v1/ant.md': 'public',
      'v2/ant.md': 'public',
      'v3/ant.md': 'power-team',
      'web/ant.md': 'public',
    });
    await index.put(await toIndexed(documents, encoder));
  });

  it('shows the newest that may be read, names the others, and fills their places', async () => {
    const { passages } = await retriever().search('antenna diodes on a long net', audience(), 3);
    expect(passages[0]?.id).toBe('v2/ant.md');
    expect(passages[0]?.alsoIn?.map(({ document }) => document.path).sort()).toEqual([
      'v1/ant.md',
      'web/ant.md',
    ]);
    expect(passages).toHaveLength(3);
    expect(new Set(passages.map((passage) => passage.text)).size).toBe(3);
  });

  it('names a copy only to those who may read it', async () => {
    const asked = 'antenna diodes on a long net';
    const everyone = await retriever().search(asked, audience(), 3);
    expect(JSON.stringify(everyone)).not.toContain('v3');
    const team = await retriever().search(asked, audience(['power-team']), 3);
    expect(team.passages[0]?.id).toBe('v3/ant.md');
    expect(team.passages[0]?.alsoIn).toHaveLength(3);
  });

  it('shows each copy by itself without collapsing', async () => {
    const { passages } = await without('collapse').search('antenna diodes', audience(), 3);
    expect(passages.map((passage) => passage.text)).toEqual([text, text, text]);
    expect(passages[0]).not.toHaveProperty('alsoIn');
  });
});

it('brings along what stands around a passage, and only what may be read', async () => {
  const document = {
    id: 's:guide.md',
    source: 's',
    path: 'guide.md',
    title: 'Guide',
    contentHash: 'h',
    audience: ['public'],
    version: '',
  };
  const texts = ['Fillers close gaps between cells.', 'They hold no logic at all.', 'Wells stay whole.'];
  const chunks = texts.map((text, ordinal) => ({
    id: `guide#${ordinal}`,
    ordinal,
    path: ['Fillers'],
    text,
    place: {},
  }));
  await index.put(await toIndexed([{ document, chunks }], encoder));
  const { passages } = await retriever(false).search('no logic', audience(), 1);
  expect(passages[0]).toMatchObject({ id: 'guide#1', context: { before: texts[0], after: texts[2] } });
});

describe('the retriever without a part', () => {
  const ids = async (asked: string, ...parts: RetrieverPart[]) =>
    (await without(...parts).search(asked, audience(), 4)).passages.map(({ id }) => id);

  it('searches by words alone without the dense side, and says so', async () => {
    expect(await ids('clock', 'dense')).toEqual([]);
    expect((await without('dense').search('clock', audience(), 4)).mode).toBe('lexical');
  });

  it('searches by meaning alone without the lexical side', async () => {
    expect((await ids('clock buffers', 'lexical'))[0]).toBe('cts.md');
    expect(await ids('clock', 'lexical', 'dense')).toEqual([]);
  });

  it('encodes the question as a whole only without clauses', async () => {
    await ids('how is the clock made and where does routing happen', 'clauses');
    expect(encoder.encoded[0]).toHaveLength(1);
  });

  it('does not see titles without headings', async () => {
    expect(await ids('gpl', 'dense')).toEqual(['gpl.md']);
    expect(await ids('gpl', 'dense', 'headings')).toEqual([]);
  });

  it('ranks by rank alone without statistics of the index', async () => {
    const { passages } = await without('corpus-statistics').search('coarse grid', audience(), 4);
    expect(passages[0]?.id).toBe('grt.md');
    expect(passages[0]?.score).toBeCloseTo((1.5 + 1) / 61, 4);
  });
});

describe('clausesOf', () => {
  it.each<[string, string[]]>([
    [
      'How do I set the density and then report the overflow?',
      ['How do I set the density', 'report the overflow'],
    ],
    ['What is a corner? How do I define one?', ['What is a corner', 'How do I define one']],
    ['How do I set the input and output delay?', []],
    ['What does set_input_delay do?', []],
    ['see version 1.2.3 of the manual', []],
    ['', []],
  ])('%j has the needs %j', (question, clauses) => {
    expect(clausesOf(question)).toEqual(clauses);
  });

  it('looks at no more than five parts of a pasted text', () => {
    expect(clausesOf('this is one part, '.repeat(50))).toHaveLength(5);
  });
});

it('a stray that happens to be on topic does not move the level', () => {
  const usual = [0.5, 0.52, 0.48, 0.51, 0.49, 0.5, 0.53];
  const level = strayLevel(usual);
  expect(strayLevel([...usual.slice(1), 0.95]).middle).toBeCloseTo(level.middle, 1);
  expect(strayLevel([]).spread).toBeGreaterThan(0);
});
