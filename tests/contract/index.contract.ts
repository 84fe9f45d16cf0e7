// What every index must do, whatever engine is below: run for the embedded one and for Qdrant.
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/evaluation/bootstrap.js';
import { HybridRetriever } from '../../src/retrieval/hybrid-retriever.js';
import type { Index, IndexedDocument, SparseVector } from '../../src/retrieval/index-port.js';
import { chunkTerms, inverseDocumentFrequency, questionTerms } from '../../src/retrieval/lexical.js';
import { headingLine } from '../../src/retrieval/passage.js';
import { type AudienceFilter, audience, mayRead } from '../../src/safety/access.js';

export const CONTRACT_ENCODER = { id: 'contract@1', name: 'contract', dimensions: 8 };

export interface IndexSubject {
  readonly name: string;
  /** A new, empty index for CONTRACT_ENCODER. */
  open(): Promise<Index>;
}

/** A document whose chunks say `texts`, with vectors drawn from `random`. */
export function sampleDocument(
  path: string,
  texts: readonly string[],
  options: { audience?: readonly string[]; random?: () => number; hash?: string } = {},
): IndexedDocument {
  const { random = seededRandom(7), hash = 'h1' } = options;
  const document = {
    id: `sample:${path}`,
    source: 'sample',
    path,
    title: path,
    contentHash: hash,
    audience: options.audience ?? ['public'],
    version: 'abc',
  };
  const chunks = texts.map((text, ordinal) => ({
    id: `${path}#${ordinal}#${hash}`,
    ordinal,
    path: ['Guide', `Part ${ordinal}`],
    text,
    place: { line: ordinal * 10 + 1, endLine: ordinal * 10 + 9 },
    href: `https://docs.example.com/${path}`,
    vector: unitVector(random),
    terms: chunkTerms(path, text),
  }));
  return { document, chunks };
}

export function unitVector(random: () => number): Float32Array {
  const values = Array.from({ length: CONTRACT_ENCODER.dimensions }, () => random() - 0.3);
  const length = Math.hypot(...values);
  return Float32Array.from(values, (value) => value / length);
}

const everyone = audience();

export function indexContract(subject: IndexSubject): void {
  describe(`${subject.name} keeps the index contract`, () => {
    let index: Index;
    beforeEach(async () => {
      index = await subject.open();
    });
    afterEach(async () => {
      await index.close();
    });

    it('begins empty and answers searches with nothing', async () => {
      expect(await index.describe()).toEqual({ encoder: CONTRACT_ENCODER, documents: 0, chunks: 0 });
      expect((await index.lexical(questionTerms('clock'), everyone, 5)).hits).toEqual([]);
      expect((await index.dense([unitVector(seededRandom(1))], everyone, 5))[0]?.hits).toEqual([]);
    });

    it('gives back what was put, whole', async () => {
      const stored = sampleDocument('cts.md', ['Set the clock buffers.', 'Report skew.']);
      await index.put([stored]);
      expect(await index.describe()).toMatchObject({ documents: 1, chunks: 2 });
      const passages = await index.passages(['cts.md#1#h1', 'no such id', 'cts.md#0#h1'], everyone);
      const expected = [stored.chunks[1], stored.chunks[0]].map((chunk) => {
        const { vector: _vector, terms: _terms, ...rest } = chunk as NonNullable<typeof chunk>;
        return { ...rest, document: stored.document, score: 0 };
      });
      expect(passages).toEqual(expected);
    });

    it('puts a changed document in place of the old one', async () => {
      await index.put([
        sampleDocument('a.md', ['first wording', 'second part']),
        sampleDocument('b.md', ['other']),
      ]);
      await index.put([sampleDocument('a.md', ['new wording'], { hash: 'h2' })]);
      expect(await index.describe()).toMatchObject({ documents: 2, chunks: 2 });
      expect((await index.contentHashes('sample')).get('sample:a.md')).toBe('h2');
      expect((await index.lexical(questionTerms('first'), everyone, 5)).hits).toEqual([]);
      expect((await index.lexical(questionTerms('wording'), everyone, 5)).hits.map(({ id }) => id)).toEqual([
        'a.md#0#h2',
      ]);
    });

    it('shows one version of a document at any moment while it is replaced, and never none', async () => {
      // One chunk that stays, one that changes; `other.md` is never touched.
      const version = (at: number) =>
        sampleDocument('a.md', ['clock tree stays', `clock wording ${at}`], { hash: `h${at}` });
      await index.put([version(0), sampleDocument('other.md', ['clock of another'])]);
      const retriever = new HybridRetriever({ index, encoder: null, now: () => 0 });
      let isWriting = true;
      const seen: string[][] = [];
      const read = async () => {
        while (isWriting) {
          const { passages } = await retriever.search('clock', everyone, 20);
          const own = passages.filter(({ document }) => document.path === 'a.md');
          seen.push([...new Set(own.map(({ document }) => document.contentHash))]);
          await nextTurn();
        }
      };
      // No search is overtaken twice: the one that was, has ended before the next version comes.
      const write = async () => {
        for (let at = 1; at <= 15; at++) {
          const before = seen.length;
          await index.put([version(at)]);
          while (seen.length === before) await nextTurn();
        }
      };
      const writing = write().finally(() => {
        isWriting = false;
      });
      await Promise.all([writing, read()]);
      expect(seen.length).toBeGreaterThan(0);
      expect(seen.filter((versions) => versions.length !== 1)).toEqual([]);
      expect(await index.describe()).toMatchObject({ documents: 2, chunks: 3 });
    });

    it('forgets removed documents, and removing an unknown one changes nothing', async () => {
      await index.put([sampleDocument('a.md', ['alpha']), sampleDocument('b.md', ['alpha beta'])]);
      await index.remove(['sample:a.md', 'sample:unknown']);
      expect((await index.lexical(questionTerms('alpha'), everyone, 5)).hits.map(({ id }) => id)).toEqual([
        'b.md#0#h1',
      ]);
      expect([...(await index.contentHashes('sample')).keys()]).toEqual(['sample:b.md']);
      expect((await index.contentHashes('another source')).size).toBe(0);
    });

    it('puts the same documents twice without doubling anything', async () => {
      const documents = [sampleDocument('a.md', ['alpha', 'beta'])];
      await index.put(documents);
      await index.put(documents);
      expect(await index.describe()).toMatchObject({ documents: 1, chunks: 2 });
      expect((await index.dense([unitVector(seededRandom(3))], everyone, 9))[0]?.hits).toHaveLength(2);
    });

    it('scores words by BM25 with the statistics of the whole index', async () => {
      const documents = Array.from({ length: 40 }, (_, at) =>
        sampleDocument(`d${at}.md`, [`common word ${at % 4 === 0 ? 'clock clock tree' : 'power'} n${at}`]),
      );
      await index.put(documents.slice(0, 25));
      await index.put(documents.slice(25));
      const question = questionTerms('clock word n8');
      const found = await index.lexical(question, everyone, 40);
      const expected = bm25(documents, question);
      expect(found.hits).toHaveLength(expected.size);
      for (const { id, score } of found.hits) expect(score).toBeCloseTo(expected.get(id) ?? -1, 3);
      const all = documents.map(({ chunks }) => expected.get(chunks[0]?.id ?? '') ?? 0);
      expect(found.mean).toBeCloseTo(mean(all), 3);
      expect(found.deviation).toBeCloseTo(deviation(all), 3);
    });

    it('scores vectors by cosine, with mean and deviation over all of them', async () => {
      const random = seededRandom(11);
      const documents = Array.from({ length: 60 }, (_, at) =>
        sampleDocument(`v${at}.md`, [`text ${at}`], { random }),
      );
      await index.put(documents);
      await index.put([sampleDocument('v7.md', ['text 7 again'], { random, hash: 'h2' })]);
      const current = documents.map(({ chunks }) => chunks[0]).filter((chunk) => chunk?.id !== 'v7.md#0#h1');
      const query = unitVector(random);
      const [found] = await index.dense([query], everyone, 5);
      const scores = current.map((chunk) => dot(query, chunk?.vector ?? new Float32Array()));
      const best = [...scores].sort((a, b) => b - a).slice(0, 4);
      found?.hits.slice(0, 4).forEach(({ score }, at) => {
        expect(score).toBeGreaterThanOrEqual((best[at] ?? 0) - 1e-4);
      });
      // The replaced document's new vector is one of 60; the others bound the statistics closely.
      expect(found?.mean).toBeCloseTo(mean(scores), 1);
      expect(found?.deviation).toBeCloseTo(deviation(scores), 1);
    });

    it('shows nobody a passage outside their audience, by any way of asking', async () => {
      const TAGS = ['public', 'timing', 'power', 'layout'];
      const tags = fc.subarray(TAGS, { minLength: 1 });
      const random = seededRandom(5);
      const documents = fc
        .sample(tags, { numRuns: 30, seed: 4 })
        .map((readers, at) =>
          sampleDocument(`p${at}.md`, [`shared words ${at}`], { audience: readers, random }),
        );
      await index.put(documents);
      const ids = documents.map(({ chunks }) => chunks[0]?.id ?? '');
      for (const groups of fc.sample(fc.subarray(TAGS), { numRuns: 40, seed: 9 })) {
        const filter = audience(groups);
        const allowed = documents.filter(({ document }) => mayRead(filter, document.audience));
        const expected = allowed.map(({ chunks }) => chunks[0]?.id ?? '').sort();
        expect(await idsOf(index.lexical(questionTerms('shared words'), filter, 100))).toEqual(expected);
        expect(await idsOf(firstOf(index.dense([unitVector(random)], filter, 100)))).toEqual(expected);
        expect((await index.passages(ids, filter)).map(({ id }) => id).sort()).toEqual(expected);
      }
      const nobody = { tags: ['unknown'] } as unknown as AudienceFilter;
      expect((await index.lexical(questionTerms('shared'), nobody, 5)).hits).toEqual([]);
      expect((await index.dense([unitVector(random)], nobody, 5))[0]?.hits).toEqual([]);
    });

    it('moves a document to another audience at once', async () => {
      await index.put([sampleDocument('secret.md', ['the plan'], { audience: ['public'] })]);
      await index.put([sampleDocument('secret.md', ['the plan'], { audience: ['timing'], hash: 'h2' })]);
      expect((await index.lexical(questionTerms('plan'), everyone, 5)).hits).toEqual([]);
      expect((await index.lexical(questionTerms('plan'), audience(['timing']), 5)).hits).toHaveLength(1);
    });

    it('limits each list to k, best first', async () => {
      await index.put(
        Array.from({ length: 20 }, (_, at) => sampleDocument(`k${at}.md`, ['clock '.repeat(at + 1)])),
      );
      const { hits } = await index.lexical(questionTerms('clock'), everyone, 7);
      expect(hits).toHaveLength(7);
      expect(hits.map(({ score }) => score)).toEqual(hits.map(({ score }) => score).sort((a, b) => b - a));
    });

    it('gives the chunks around a place, in order, to those who may read them', async () => {
      const parts = (word: string) => Array.from({ length: 6 }, (_, at) => `${word} ${at}`);
      await index.put([
        sampleDocument('a.md', parts('alpha')),
        sampleDocument('b.md', parts('beta')),
        sampleDocument('c.md', parts('gamma'), { audience: ['timing'] }),
      ]);
      const texts = async (groups: readonly string[], ...wanted: [string, number, number][]) =>
        (
          await index.stretches(
            wanted.map(([path, from, to]) => ({ document: `sample:${path}`, from, to })),
            audience(groups),
          )
        ).map(({ text }) => text);
      expect(await texts([], ['b.md', 4, 9], ['a.md', -2, 1], ['a.md', 1, 2])).toEqual([
        'alpha 0',
        'alpha 1',
        'alpha 2',
        'beta 4',
        'beta 5',
      ]);
      expect(await texts([], ['c.md', 0, 5], ['gone.md', 0, 5], ['a.md', 3, 2])).toEqual([]);
      expect(await texts(['timing'], ['c.md', 5, 5])).toEqual(['gamma 5']);
      expect(await index.stretches([], everyone)).toEqual([]);
      const [whole] = await index.stretches([{ document: 'sample:a.md', from: 3, to: 3 }], everyone);
      expect(whole).toEqual((await index.passages(['a.md#3#h1'], everyone))[0]);
    });

    it('reads the documents that are asked for whole, of any audience, in the order asked', async () => {
      const random = seededRandom(5);
      const stored = ['a.md', 'b.md', 'c.md'].map((path) =>
        sampleDocument(path, ['one', 'two'], { random, audience: [path] }),
      );
      await index.put([...stored, sampleDocument('empty.md', [])]);
      const found = await index.wholeDocuments(['sample:c.md', 'no such', 'sample:empty.md', 'sample:a.md']);
      expect(found.map(({ document }) => document)).toEqual([stored[2]?.document, stored[0]?.document]);
      expect(found.map(({ chunks }) => chunks.map(({ text }) => text))).toEqual([
        ['one', 'two'],
        ['one', 'two'],
      ]);
      found[1]?.chunks.forEach((chunk, at) => {
        chunk.vector?.forEach((value, i) => {
          expect(value).toBeCloseTo(stored[0]?.chunks[at]?.vector?.[i] ?? 0, 5);
        });
        expect(chunk.vector).toHaveLength(CONTRACT_ENCODER.dimensions);
      });
      expect(await index.wholeDocuments([])).toEqual([]);
    });

    it('exports every document whole, of any audience, page by page, each once', async () => {
      const random = seededRandom(21);
      const stored = Array.from({ length: 23 }, (_, at) =>
        sampleDocument(
          `e${at}.md`,
          Array.from({ length: at % 4 }, (_unused, part) => `text ${at} part ${part}`),
          { random, audience: at % 5 === 0 ? ['timing'] : ['public'] },
        ),
      );
      await index.put(stored);
      const exported: IndexedDocument[] = [];
      for (;;) {
        const page = await index.export(exported.at(-1)?.document.id, 5);
        if (page.length === 0) break;
        expect(page.length).toBeLessThanOrEqual(5);
        exported.push(...page);
      }
      const byId = new Map(exported.map((entry) => [entry.document.id, entry]));
      expect(exported).toHaveLength(23);
      for (const { document, chunks } of stored) {
        const found = byId.get(document.id);
        expect(found?.document).toEqual(document);
        const withTerms = chunks.map(({ vector: _vector, ...chunk }) => ({
          ...chunk,
          terms: chunkTerms(headingLine(document.title, chunk.path), chunk.text),
        }));
        expect(found?.chunks.map(({ vector: _vector, ...chunk }) => chunk)).toEqual(withTerms);
        chunks.forEach(({ vector = new Float32Array() }, at) => {
          expect(dot(vector, found?.chunks[at]?.vector ?? new Float32Array())).toBeCloseTo(1, 4);
        });
      }
    });

    it('goes on exporting behind a document that is gone since', async () => {
      await index.put(['a', 'b', 'c', 'd'].map((name) => sampleDocument(`${name}.md`, [name])));
      const [first] = await index.export(undefined, 1);
      await index.remove([first?.document.id ?? '']);
      expect(await index.export(first?.document.id, 10)).toHaveLength(3);
    });

    it('stays the same index through many puts and removals in any order', async () => {
      const steps = fc.sample(
        fc.record({
          path: fc.integer({ min: 0, max: 12 }),
          words: fc.integer({ min: 1, max: 3 }),
          gone: fc.boolean(),
        }),
        { numRuns: 80, seed: 12 },
      );
      const expected = new Map<string, IndexedDocument>();
      for (const [at, { path, words, gone }] of steps.entries()) {
        const name = `m${path}.md`;
        if (gone) {
          expected.delete(name);
          await index.remove([`sample:${name}`]);
        } else {
          const document = sampleDocument(
            name,
            Array.from({ length: words }, (_, part) => `net ${at} part ${part}`),
            { hash: `h${at}` },
          );
          expected.set(name, document);
          await index.put([document]);
        }
      }
      const chunks = [...expected.values()].flatMap((document) => document.chunks);
      expect(await index.describe()).toMatchObject({ documents: expected.size, chunks: chunks.length });
      expect(await index.orphans()).toEqual([]);
      expect(await idsOf(index.lexical(questionTerms('net part'), everyone, 500))).toEqual(
        chunks.map(({ id }) => id).sort(),
      );
      const scored = bm25([...expected.values()], questionTerms('net part'));
      for (const { id, score } of (await index.lexical(questionTerms('net part'), everyone, 500)).hits) {
        expect(score).toBeCloseTo(scored.get(id) ?? -1, 3);
      }
    });
  });
}

/** The formula, straight from the definition, as the oracle. */
function bm25(documents: readonly IndexedDocument[], question: SparseVector): Map<string, number> {
  const chunks = documents.flatMap((document) => document.chunks);
  const weightOf = (terms: SparseVector, id: number) => terms.weights[terms.ids.indexOf(id)] ?? 0;
  const scores = new Map<string, number>();
  question.ids.forEach((id, at) => {
    const matching = chunks.filter(({ terms }) => terms.ids.includes(id));
    const idf = inverseDocumentFrequency(chunks.length, matching.length);
    for (const chunk of matching) {
      const gain = idf * (question.weights[at] ?? 0) * weightOf(chunk.terms, id);
      scores.set(chunk.id, (scores.get(chunk.id) ?? 0) + gain);
    }
  });
  return scores;
}

async function idsOf(list: Promise<{ hits: readonly { id: string }[] } | undefined>): Promise<string[]> {
  return ((await list)?.hits ?? []).map(({ id }) => id).sort();
}

async function firstOf<T>(lists: Promise<readonly T[]>): Promise<T | undefined> {
  return (await lists)[0];
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
}
