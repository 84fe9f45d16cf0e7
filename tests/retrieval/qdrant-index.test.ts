// The Qdrant index: the contract, against a real engine; the same ranking as the embedded index; failures, against a scripted server.
import { randomUUID } from 'node:crypto';
import { QdrantClient } from '@qdrant/js-client-rest';
import { pino } from 'pino';
import { afterAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/evaluation/bootstrap.js';
import type { Encoder } from '../../src/retrieval/encoder/encoder.js';
import { HybridRetriever } from '../../src/retrieval/hybrid-retriever.js';
import type { Index } from '../../src/retrieval/index-port.js';
import { questionTerms } from '../../src/retrieval/lexical.js';
import { clientParts, QdrantConnection } from '../../src/retrieval/qdrant-connection.js';
import { openQdrantIndex } from '../../src/retrieval/qdrant-index.js';
import { removeOrphans } from '../../src/retrieval/remove-orphans.js';
import { openSqliteIndex } from '../../src/retrieval/sqlite-index.js';
import { verifyIndex } from '../../src/retrieval/verify-index.js';
import { audience } from '../../src/safety/access.js';
import { CONTRACT_ENCODER, indexContract, sampleDocument, unitVector } from '../contract/index.contract.js';
import { findQdrant } from '../support/qdrant-stand-in.js';

const log = pino({ level: 'silent' });
const now = () => performance.now();
const qdrant = await findQdrant();
const address = qdrant ?? { url: 'http://127.0.0.1:1' };

const made: string[] = [];
function newName(): string {
  const name = `chipwright-test-${randomUUID()}`;
  made.push(name);
  return name;
}

afterAll(async () => {
  if (qdrant === undefined) return;
  const client = new QdrantClient({ ...clientParts(qdrant), checkCompatibility: false });
  for (const name of made) await client.deleteCollection(name);
  await qdrant.stop();
});

describe.skipIf(qdrant === undefined)('with a Qdrant server (QDRANT_URL or a local engine)', () => {
  const open = (collection: string, encoder: typeof CONTRACT_ENCODER | null = CONTRACT_ENCODER) =>
    openQdrantIndex({ connection: new QdrantConnection(address, { now, log }), collection, encoder, log });

  indexContract({ name: 'the Qdrant index', open: () => open(newName()) });

  it('keeps everything for the next process, and refuses another encoder, naming both', async () => {
    const name = newName();
    await (await open(name)).put([sampleDocument('a.md', ['clock tree'])]);
    const again = await open(name);
    expect(await again.describe()).toMatchObject({ documents: 1, chunks: 1 });
    expect((await again.lexical(questionTerms('clock'), audience(), 5)).hits).toHaveLength(1);
    await expect(open(name, { id: 'other@2', name: 'other', dimensions: 8 })).rejects.toMatchObject({
      code: 'index_mismatch',
      message: expect.stringMatching(/contract@1.*other@2/),
    });
  });

  it('searches words without an encoder, but takes no documents into an index with vectors', async () => {
    const name = newName();
    await (await open(name)).put([sampleDocument('a.md', ['clock tree'])]);
    const words = await open(name, null);
    expect(await words.describe()).toMatchObject({ encoder: null, chunks: 1 });
    expect((await words.lexical(questionTerms('clock'), audience(), 5)).hits).toHaveLength(1);
    expect(await words.dense([unitVector(seededRandom(1))], audience(), 5)).toEqual([
      { hits: [], mean: 0, deviation: 0 },
    ]);
    await expect(words.put([sampleDocument('b.md', ['more'])])).rejects.toMatchObject({
      code: 'index_mismatch',
    });
  });

  it('holds an index of words only', async () => {
    const words = await open(newName(), null);
    await words.put([sampleDocument('a.md', ['clock tree'])]);
    expect((await words.lexical(questionTerms('clock'), audience(), 5)).hits).toHaveLength(1);
  });

  it('takes an encoder as long as it is empty, and not any more when it holds words only', async () => {
    const name = newName();
    await open(name, null);
    const index = await open(name);
    await index.put([sampleDocument('a.md', ['clock tree'])]);
    expect((await index.dense([unitVector(seededRandom(1))], audience(), 5))[0]?.hits).toHaveLength(1);
    const other = newName();
    await (await open(other, null)).put([sampleDocument('a.md', ['clock tree'])]);
    await expect(open(other)).rejects.toMatchObject({ code: 'index_mismatch' });
    expect(await (await open(other, null)).describe()).toMatchObject({ chunks: 1 });
  });

  it('estimates the statistics of a large index from a sample of it', async () => {
    const random = seededRandom(8);
    const texts = Array.from(
      { length: 6_000 },
      (_, at) => `clock ${at % 2 === 0 ? 'tree tree' : 'skew'} c${at}`,
    );
    const documents = Array.from({ length: 60 }, (_, at) =>
      sampleDocument(`l${at}.md`, texts.slice(at * 100, at * 100 + 100), { random }),
    );
    const embedded = openSqliteIndex(':memory:', { encoder: CONTRACT_ENCODER });
    const server = await open(newName());
    for (const index of [embedded, server]) await index.put(documents);
    const query = unitVector(random);
    for (const [is, should] of [
      [
        await server.lexical(questionTerms('clock tree c77'), audience(), 5),
        await embedded.lexical(questionTerms('clock tree c77'), audience(), 5),
      ],
      [(await server.dense([query], audience(), 5))[0], (await embedded.dense([query], audience(), 5))[0]],
    ]) {
      expect(is?.hits[0]?.id).toBe(should?.hits[0]?.id);
      const deviation = should?.deviation ?? 0;
      expect(Math.abs((is?.mean ?? 0) - (should?.mean ?? 0))).toBeLessThan(0.1 * deviation);
      expect(Math.abs((is?.deviation ?? 0) / deviation - 1)).toBeLessThan(0.1);
    }
    await embedded.close();
  });

  it('shows one version of a document wherever a process dies in the middle of replacing it', async () => {
    const name = newName();
    const version = (hash: string) =>
      sampleDocument('a.md', ['clock stays', `wording ${hash}`, `end ${hash}`], { hash });
    const index = await open(name);
    for (let cut = 0; cut <= 5; cut++) {
      const [before, after] = [`h${cut}`, `h${cut + 1}`];
      await index.put([version(before)]);
      let left = Number.POSITIVE_INFINITY;
      const clock = () => {
        if (left-- <= 0) throw new Error('killed');
        return 0;
      };
      const connection = new QdrantConnection(address, { now: clock, log });
      const mortal = await openQdrantIndex({ connection, collection: name, encoder: CONTRACT_ENCODER, log });
      left = cut;
      const put = mortal.put([version(after)]);
      if (cut < 5) await expect(put).rejects.toThrow('killed');
      else await put;
      const hits = [
        ...(await index.lexical(questionTerms('clock wording end'), audience(), 20)).hits,
        ...((await index.dense([unitVector(seededRandom(2))], audience(), 20))[0]?.hits ?? []),
      ];
      const found = await index.passages([...new Set(hits.map(({ id }) => id))], audience());
      const around = await index.stretches([{ document: 'sample:a.md', from: 0, to: 9 }], audience());
      // A chunk that counts, counts by its hash; here the new one from the third request on.
      const shown = cut < 3 ? before : after;
      for (const list of [found, around]) {
        expect(list.map(({ document }) => document.contentHash)).toEqual([shown, shown, shown]);
      }
      const [known] = (await index.contentHashes('sample')).values();
      expect(known).toBe(cut < 3 ? before : cut < 5 ? '' : after);
      await index.put([version(after)]);
      expect(await index.describe()).toMatchObject({ documents: 1, chunks: 3 });
      expect(await verifyIndex(index)).toMatchObject({ documents: 1, chunks: 3, problems: [] });
    }
  }, 60_000);

  it('knows the passages that a dead process left behind, and removes them but for those that somebody is storing', async () => {
    const name = newName();
    const index = await open(name);
    const texts = (end: string) => ['clock tree', `${end} one`, `${end} two`];
    const stays = sampleDocument('a.md', texts('old'), { hash: 'h1' });
    await index.put([stays]);
    const dyingPut = async (...documents: Parameters<Index['put']>[0]) => {
      let left = Number.POSITIVE_INFINITY;
      const clock = () => {
        if (left-- <= 0) throw new Error('killed');
        return 0;
      };
      const connection = new QdrantConnection(address, { now: clock, log });
      const mortal = await openQdrantIndex({ connection, collection: name, encoder: CONTRACT_ENCODER, log });
      // What is held is looked up, and the passages are stored; the document's own point is not.
      left = 2;
      await expect(mortal.put(documents)).rejects.toThrow('killed');
    };
    // The one is never stored again, the other in a moment.
    await dyingPut(sampleDocument('a.md', texts('new'), { hash: 'h2' }));
    const late = sampleDocument('b.md', ['late one', 'late two']);
    await dyingPut(late);
    expect((await index.orphans()).map(({ path }) => path).sort()).toEqual([
      'a.md',
      'a.md',
      'a.md',
      'b.md',
      'b.md',
    ]);
    const { problems } = await verifyIndex(index);
    expect(problems).toEqual([
      expect.stringMatching(/no version of their document: 5, the first in [ab]\.md/),
    ]);
    const removed = await removeOrphans(index, async (found) => {
      expect(found).toBe(5);
      await index.put([late]);
    });
    expect(removed).toBe(3);
    expect(await index.orphans()).toEqual([]);
    expect(await verifyIndex(index)).toMatchObject({ documents: 2, chunks: 5, problems: [] });
    expect(await index.wholeDocuments(['sample:a.md', 'sample:b.md'])).toMatchObject([
      { document: { contentHash: 'h1' }, chunks: stays.chunks.map(({ id }) => ({ id })) },
      { chunks: late.chunks.map(({ id }) => ({ id })) },
    ]);
    expect(await removeOrphans(index, () => Promise.reject(new Error('waited for nothing')))).toBe(0);
  });

  it('is made once when several processes open it at the same time', async () => {
    const name = newName();
    const all = await Promise.all(Array.from({ length: 4 }, () => open(name)));
    await all[0]?.put([sampleDocument('a.md', ['clock'])]);
    expect(await all[3]?.describe()).toMatchObject({ documents: 1 });
  });

  it('leaves a collection alone that is not its own', async () => {
    const name = newName();
    const client = new QdrantClient({ ...clientParts(address), checkCompatibility: false });
    await client.createCollection(name, { vectors: { size: 4, distance: 'Dot' } });
    await expect(open(name)).rejects.toMatchObject({ code: 'index_mismatch' });
    expect((await client.getCollection(name)).payload_schema).toEqual({});
  });

  it('keeps documents without chunks, many chunks, half characters and empty texts', async () => {
    const index = await open(newName());
    await index.put([
      sampleDocument('none.md', []),
      sampleDocument(
        'many.md',
        Array.from({ length: 300 }, (_, at) => `part ${at} of the manual`),
      ),
      sampleDocument('odd.md', ['half \ud800 a character', '']),
    ]);
    expect(await index.describe()).toMatchObject({ documents: 3, chunks: 302 });
    expect((await index.contentHashes('sample')).size).toBe(3);
    const ids = Array.from({ length: 300 }, (_, at) => `many.md#${at}#h1`).reverse();
    expect((await index.passages(ids, audience())).map(({ id }) => id)).toEqual(ids);
    expect((await index.passages(['odd.md#0#h1'], audience()))[0]?.text).toBe('half \ufffd a character');
    expect(await index.passages([], audience())).toEqual([]);
    await index.put([sampleDocument('many.md', ['short now'], { hash: 'h2' })]);
    await index.put([]);
    await index.remove([]);
    expect(await index.describe()).toMatchObject({ documents: 3, chunks: 3 });
  });

  it('lists more documents than fit on one page', async () => {
    const index = await open(newName(), null);
    await index.put(Array.from({ length: 1_100 }, (_, at) => sampleDocument(`d${at}.md`, [])));
    expect((await index.contentHashes('sample')).size).toBe(1_100);
  });

  it('ranks 200 questions over 300 chunks as the embedded index does', async () => {
    const random = seededRandom(21);
    const words = Array.from({ length: 120 }, (_, at) => `w${at}x`);
    const pick = (count: number) =>
      Array.from({ length: count }, () => words[Math.floor(random() ** 2 * words.length)] ?? '').join(' ');
    const documents = Array.from({ length: 100 }, (_, at) =>
      sampleDocument(`r${at}.md`, [pick(30), pick(60), pick(15)], { random }),
    );
    const engines: Index[] = [
      openSqliteIndex(':memory:', { encoder: CONTRACT_ENCODER }),
      await open(newName()),
    ];
    for (const index of engines) {
      await index.put(documents);
      // Deleted and replaced chunks must leave no trace in the statistics.
      await index.put(
        documents.slice(0, 30).map((entry) => ({ ...entry, chunks: entry.chunks.slice(0, 1) })),
      );
      await index.remove(documents.slice(90).map(({ document }) => document.id));
      await index.put(documents);
    }
    const retrievers = engines.map((index) => new HybridRetriever({ index, encoder: fakeEncoder, now }));
    for (let at = 0; at < 200; at++) {
      const question = pick(1 + Math.floor(random() * 8));
      const [embedded, server] = await Promise.all(
        retrievers.map(async (retriever) => (await retriever.search(question, audience(), 10)).passages),
      );
      const scores = (server ?? []).map(({ score }) => score);
      expect(scores).toHaveLength(10);
      for (const [rank, { id, score }] of (embedded ?? []).entries()) {
        expect(scores[rank]).toBeCloseTo(score, 3);
        // The same passage, but for those that score the same.
        const same = (server ?? []).filter((passage) => Math.abs(passage.score - score) < 1e-3);
        if (rank < 9 || same.some((passage) => passage.id === id)) {
          expect(same.map((passage) => passage.id)).toContain(id);
        }
      }
    }
    await engines[0]?.close();
  }, 300_000);
});

/** A vector drawn from the text. */
const fakeEncoder: Encoder = {
  ...CONTRACT_ENCODER,
  async encode(texts) {
    return texts.map((text) =>
      unitVector(seededRandom([...text].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) >>> 0, 7))),
    );
  },
  async close() {},
};
