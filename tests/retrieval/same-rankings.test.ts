// Both engines filled with the same passages rank them alike: by meaning, by words and fused, for every question, whoever asks.
//
// With an index of real documents as well (some minutes; DIR holds the models, FILE is an index made with one of them):
// CHIPWRIGHT_DATA=DIR CHIPWRIGHT_BENCH_INDEX=FILE npx vitest run tests/retrieval/same-rankings.test.ts --maxWorkers=1
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { QdrantClient } from '@qdrant/js-client-rest';
import { pino } from 'pino';
import { afterAll, describe, expect, it } from 'vitest';
import { folderSource } from '../../ingest/sources/folder.js';
import { sync } from '../../ingest/sync.js';
import { toChipwrightError } from '../../src/errors.js';
import { seededRandom } from '../../src/evaluation/bootstrap.js';
import { indexCorpus } from '../../src/evaluation/corpus-index.js';
import { readEvaluationSet } from '../../src/evaluation/data-set.js';
import { clausesOf } from '../../src/retrieval/clauses.js';
import type { Encoder } from '../../src/retrieval/encoder/encoder.js';
import { openEncoder } from '../../src/retrieval/encoder/onnx-encoder.js';
import { bestOf, fuse } from '../../src/retrieval/fusion.js';
import type { Hit, HitList, Index } from '../../src/retrieval/index-port.js';
import { toIndexed } from '../../src/retrieval/indexing.js';
import { questionTerms } from '../../src/retrieval/lexical.js';
import { clientParts, QdrantConnection } from '../../src/retrieval/qdrant-connection.js';
import { openQdrantIndex } from '../../src/retrieval/qdrant-index.js';
import { SCORED } from '../../src/retrieval/qdrant-statistics.js';
import { pages } from '../../src/retrieval/reencode.js';
import { openSqliteIndex } from '../../src/retrieval/sqlite-index.js';
import { type AudienceFilter, audience } from '../../src/safety/access.js';
import { questions } from '../load/search/real-passages.js';
import { wordEncoder } from '../support/manual-corpus.js';
import { findQdrant, startMortalQdrant } from '../support/qdrant-stand-in.js';

const ROOT = resolve(import.meta.dirname, '../..');
const ORD_QA = join(ROOT, '../shared/data/ord-qa');
const { CHIPWRIGHT_DATA: dataFolder, CHIPWRIGHT_BENCH_INDEX: indexFile } = process.env;
const MODEL = join(dataFolder ?? '', 'models/bge-small-en-v1.5');

/** As many as take part in the fusion. */
const CANDIDATES = 50;

/**
 * Scores so near to each other may swap: both engines count in 32 bits, and add up in another order. By words relative to the best score,
 * which is the size of the numbers that were added.
 */
const TIE = 1e-5;

/** How far the statistics of the two may lie apart, in deviations and as a share of the deviation. */
interface Tolerance {
  readonly mean: number;
  readonly deviation: number;
}
const ALIKE: Tolerance = { mean: 1e-4, deviation: 1e-4 };
const EXACT = { dense: ALIKE, lexical: ALIKE };
/** Above SCORED passages Qdrant's come from a sample: what qdrant-statistics.ts says of its error. */
const SAMPLED = { dense: { mean: 0.1, deviation: 0.07 }, lexical: { mean: 0.03, deviation: 0.015 } };

/** Of fused scores, which are in deviations: a difference of TIE in a list weighs more where the list has a small deviation. */
const FUSED_TIE = 1e-4;

const log = pino({ level: 'silent' });
const now = () => performance.now();
const qdrant = await findQdrant();
// Only one that can be started again builds its graph when it is told to.
const tidying = qdrant === undefined ? undefined : await startMortalQdrant();
const address = qdrant ?? { url: 'http://127.0.0.1:1' };

const made: string[] = [];
function openServer(encoder: Encoder): Promise<Index> {
  const collection = `chipwright-test-${randomUUID()}`;
  made.push(collection);
  return openQdrantIndex({
    connection: new QdrantConnection(address, { now, log }),
    collection,
    encoder,
    log,
  });
}

afterAll(async () => {
  if (qdrant === undefined) return;
  const client = new QdrantClient({ ...clientParts(qdrant), checkCompatibility: false });
  for (const name of made) await client.deleteCollection(name);
  await qdrant.stop();
  await tidying?.stop();
});

/** What one engine says to a question: the question's own vector first, then its parts. */
interface Answer {
  readonly dense: readonly HitList[];
  readonly lexical: HitList;
}

async function ask(
  index: Index,
  vectors: Float32Array[],
  text: string,
  who: AudienceFilter,
): Promise<Answer> {
  const dense = await patiently(() => index.dense(vectors, who, CANDIDATES));
  const lexical = await patiently(() => index.lexical(questionTerms(text), who, CANDIDATES));
  return { dense, lexical };
}

/** Until it succeeds or the test's time is over: how long a search takes on a busy machine is not the question here. */
async function patiently<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (thrown) {
      if (!toChipwrightError(thrown).retryable) throw thrown;
      await sleep(200);
    }
  }
}

/** As the retriever fuses them. */
function fused({ dense: [whole, ...parts], lexical }: Answer): Hit[] {
  if (whole === undefined) return [];
  return fuse([whole, bestOf(parts), lexical].map((list) => ({ list, weight: 1 })));
}

/** Without what ties with the last hit of a list: which of those are in it is chance. */
function settled({ dense, lexical }: Answer): Answer {
  const cut = (list: HitList, tie: number) => {
    const last = list.hits.at(-1)?.score ?? 0;
    return { ...list, hits: list.hits.filter(({ score }) => score > last + tie) };
  };
  return { dense: dense.map((list) => cut(list, TIE)), lexical: cut(lexical, wordTie(lexical)) };
}

function wordTie({ hits: [best] }: HitList): number {
  return TIE * Math.max(1, best?.score ?? 0);
}

/** Each passage stands in both lists with the same score, but for those that tie with the last one: so both have one order, ties apart. */
function expectSameRanking(is: readonly Hit[], should: readonly Hit[], tie: number): void {
  expect(is.length).toBe(should.length);
  const last = should.at(-1)?.score ?? 0;
  for (const [one, other] of [
    [is, should],
    [should, is],
  ] as const) {
    const scores = new Map(other.map(({ id, score }) => [id, score]));
    for (const { id, score } of one) {
      const elsewhere = scores.get(id) ?? last;
      expect(Math.abs(elsewhere - score), `${id}: ${score} and ${scores.get(id)}`).toBeLessThanOrEqual(tie);
    }
  }
}

function expectSameStatistics(is: HitList, should: HitList, tolerance: Tolerance): void {
  const { mean, deviation } = should;
  expect(Math.abs(is.mean - mean)).toBeLessThanOrEqual(tolerance.mean * deviation);
  expect(Math.abs(is.deviation - deviation)).toBeLessThanOrEqual(tolerance.deviation * deviation);
}

/** The server's lists with the embedded index's statistics: what differs then are the lists themselves. */
function withStatisticsOf(lists: Answer, { dense, lexical }: Answer): Answer {
  const exchange = ({ hits }: HitList, { mean, deviation }: HitList) => ({ hits, mean, deviation });
  return {
    dense: lists.dense.map((list, at) => exchange(list, dense[at] ?? list)),
    lexical: exchange(lists.lexical, lexical),
  };
}

interface Comparison {
  readonly embedded: Index;
  readonly server: Index;
  readonly encoder: Encoder;
  readonly questions: readonly string[];
  readonly audiences?: readonly AudienceFilter[];
}

/** Asks both engines everything. Resolves to the share of the first eight fused passages that are the same. */
async function compare({ embedded, server, encoder, questions, ...options }: Comparison): Promise<number> {
  const { chunks } = await embedded.describe();
  expect(await server.describe()).toMatchObject(await embedded.describe());
  const isSampled = chunks > SCORED;
  const tolerance = isSampled ? SAMPLED : EXACT;
  let same = 0;
  let all = 0;
  for (const text of questions) {
    const vectors = await encoder.encode([text, ...clausesOf(text)], 'query');
    for (const who of options.audiences ?? [audience()]) {
      const should = await ask(embedded, vectors, text, who);
      const is = await ask(server, vectors, text, who);
      expect(is.dense).toHaveLength(vectors.length);
      for (const [at, list] of should.dense.entries()) {
        const other = is.dense[at] ?? list;
        expectSameRanking(other.hits, list.hits, TIE);
        expectSameStatistics(other, list, tolerance.dense);
      }
      expectSameRanking(is.lexical.hits, should.lexical.hits, wordTie(should.lexical));
      expectSameStatistics(is.lexical, should.lexical, tolerance.lexical);
      const lists = settled(isSampled ? withStatisticsOf(is, should) : is);
      expectSameRanking(fused(lists), fused(settled(should)), FUSED_TIE);
      const first = new Set(
        fused(should)
          .slice(0, 8)
          .map(({ id }) => id),
      );
      all += first.size;
      same += fused(is)
        .slice(0, 8)
        .filter(({ id }) => first.has(id)).length;
    }
  }
  expect(all).toBeGreaterThan(questions.length);
  return same / all;
}

/** The handbook, a third of its pages for one team only. Resolves to its headings, each once. */
async function fillWithHandbook(indexes: readonly Index[]): Promise<string[]> {
  const words = openSqliteIndex(':memory:', { encoder: null });
  const { signal } = new AbortController();
  const source = folderSource(join(ROOT, 'docs'));
  await sync(source, { index: words, encoder: null, log, now: () => 0, signal });
  const headings = new Set<string>();
  for await (const page of pages(words)) {
    const shared = page.map(({ document, chunks }, at) => {
      for (const { path } of chunks) headings.add(path.at(-1) ?? document.title);
      return { document: { ...document, audience: [at % 3 === 0 ? 'timing' : 'public'] }, chunks };
    });
    const indexed = await toIndexed(shared, wordEncoder);
    for (const index of indexes) await index.put(indexed);
  }
  return [...headings];
}

describe.skipIf(qdrant === undefined)(
  'with a Qdrant server (QDRANT_URL or a local engine), both engines',
  () => {
    it('rank the handbook alike, whoever asks', async () => {
      const embedded = openSqliteIndex(':memory:', { encoder: wordEncoder });
      const server = await openServer(wordEncoder);
      const headings = await fillWithHandbook([embedded, server]);
      const audiences = [audience(), audience(['timing'])];
      const questions = headings.slice(0, 40);
      await compare({ embedded, server, encoder: wordEncoder, questions, audiences });
    }, 120_000);

    it.skipIf(tidying === undefined)(
      'score alike where the server searches a graph of quantised vectors',
      async () => {
        const url = tidying?.url ?? '';
        const client = new QdrantClient({ ...clientParts({ url }), checkCompatibility: false });
        const connection = new QdrantConnection({ url }, { now, log });
        const embedded = openSqliteIndex(':memory:', { encoder: wordEncoder });
        const server = await openQdrantIndex({ connection, collection: 'q', encoder: wordEncoder, log });
        const headings = await fillWithHandbook([embedded, server]);
        await client.updateCollection('q', {
          quantization_config: { scalar: { type: 'int8', always_ram: true } },
          optimizers_config: { indexing_threshold: 1 },
        });
        await tidying?.kill();
        await tidying?.startAgain('tidied');
        expect((await client.getCollection('q')).indexed_vectors_count).toBeGreaterThan(100);
        for (const text of headings.slice(0, 20)) {
          const [vector = new Float32Array()] = await wordEncoder.encode([text], 'query');
          const [should] = await embedded.dense([vector], audience(), 8);
          const [is] = await patiently(() => server.dense([vector], audience(), 8));
          expectSameRanking(is?.hits ?? [], should?.hits ?? [], TIE);
        }
      },
      120_000,
    );

    it.skipIf(!existsSync(ORD_QA))(
      "rank ORD-QA's passages alike for its questions",
      async () => {
        const file = (name: string) => join(ORD_QA, `${name}.jsonl`);
        const set = await readEvaluationSet({
          corpus: file('corpus'),
          queries: file('queries'),
          judgements: file('qrels'),
        });
        const embedded = openSqliteIndex(':memory:', { encoder: wordEncoder });
        const server = await openServer(wordEncoder);
        for (const index of [embedded, server]) await indexCorpus(set.corpus, index, wordEncoder);
        await compare({
          embedded,
          server,
          encoder: wordEncoder,
          questions: set.questions.map(({ text }) => text),
        });
      },
      120_000,
    );

    it.skipIf(indexFile === undefined || !existsSync(join(MODEL, 'manifest.json')))(
      'rank the passages of CHIPWRIGHT_BENCH_INDEX alike',
      async () => {
        const encoder = await openEncoder(MODEL, { log });
        const embedded = openSqliteIndex(indexFile ?? '', { encoder });
        const server = await openServer(encoder);
        for await (const page of pages(embedded)) await server.put(page);
        const asked = await questions(join(ORD_QA, '..'), seededRandom(90));
        const share = await compare({ embedded, server, encoder, questions: asked });
        expect(share).toBeGreaterThan(0.98);
        await embedded.close();
        await encoder.close();
      },
      600_000,
    );
  },
);
