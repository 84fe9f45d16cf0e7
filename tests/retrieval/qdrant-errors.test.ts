// What a failing Qdrant server comes to: over real sockets, through the real client.
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/evaluation/bootstrap.js';
import type { Index } from '../../src/retrieval/index-port.js';
import { LEXICAL_VERSION, questionTerms } from '../../src/retrieval/lexical.js';
import { clientParts, QdrantConnection } from '../../src/retrieval/qdrant-connection.js';
import { QdrantGenerations } from '../../src/retrieval/qdrant-generations.js';
import { HNSW_EF, openQdrantIndex } from '../../src/retrieval/qdrant-index.js';
import { PAYLOAD_INDEXES } from '../../src/retrieval/qdrant-points.js';
import { type AudienceFilter, audience } from '../../src/safety/access.js';
import { CONTRACT_ENCODER, sampleDocument, unitVector } from '../contract/index.contract.js';
import {
  answer,
  type QdrantBehaviour,
  type ScriptedQdrant,
  startScriptedQdrant,
} from '../support/qdrant-stand-in.js';

/** Stands still, so that a slow machine does not make a second try come too late. */
const standing = () => 0;
const question = questionTerms('clock');
const field = { data_type: 'keyword', points: 0 };

/** A collection that is ours and ready. */
const ours = answer({
  status: 'green',
  config: {
    params: {},
    metadata: { chipwright: { schema: 1, lexical: LEXICAL_VERSION, encoder: CONTRACT_ENCODER } },
  },
  payload_schema: Object.fromEntries(Object.keys(PAYLOAD_INDEXES).map((name) => [name, field])),
});

const status = (
  code: number,
  body = JSON.stringify({ status: { error: 'the secret plan' } }),
  headers: Record<string, string> = { 'content-type': 'application/json' },
): QdrantBehaviour => ({ as: 'status', status: code, body, headers });

let server: ScriptedQdrant;
let logged: { level: number; dropped?: number }[];
let forbidden: number[];

beforeEach(async () => {
  server = await startScriptedQdrant();
  logged = [];
  forbidden = [];
});
afterEach(() => server.stop());

async function openIndex(apiKey?: string, now = standing): Promise<Index> {
  const log = pino({ level: 'trace' }, { write: (line: string) => void logged.push(JSON.parse(line)) });
  const address = { url: server.url, ...(apiKey === undefined ? {} : { apiKey }) };
  return openOn(new QdrantConnection(address, { now, log }), log);
}

async function openOn(connection: QdrantConnection, log = pino({ level: 'silent' })): Promise<Index> {
  server.behave(ours);
  return openQdrantIndex({
    connection,
    collection: 'chipwright',
    encoder: CONTRACT_ENCODER,
    onForbidden: (passages) => void forbidden.push(passages),
    log,
  });
}

describe('a failing server', () => {
  const html = { 'content-type': 'text/html' };
  const slow = (after: string) => ({ 'content-type': 'application/json', 'retry-after': after });
  const cases: [string, QdrantBehaviour, { code: string; retryable: boolean; message: RegExp }][] = [
    ['no collection', status(404), { code: 'index_unavailable', retryable: false, message: /404/ }],
    ['an error', status(500), { code: 'index_unavailable', retryable: true, message: /500/ }],
    [
      'a proxy page',
      status(502, '<h1>Bad gateway</h1>', html),
      { code: 'index_unavailable', retryable: true, message: /502/ },
    ],
    ['no key', status(401), { code: 'index_refused', retryable: false, message: /API key/ }],
    ['a weak key', status(403), { code: 'index_refused', retryable: false, message: /API key/ }],
    ['a refused request', status(400), { code: 'index_unavailable', retryable: false, message: /400/ }],
    [
      'another dimension',
      status(
        400,
        JSON.stringify({ status: { error: 'Wrong input: Vector dimension error: expected dim: 4, got 8' } }),
      ),
      { code: 'index_mismatch', retryable: false, message: /another shape/ },
    ],
    [
      'a full disk',
      status(500, JSON.stringify({ status: { error: 'Service internal error: No space left on device' } })),
      { code: 'index_unavailable', retryable: false, message: /disk of the Qdrant server is full/ },
    ],
    [
      'read-only mode',
      status(400, JSON.stringify({ status: { error: 'Bad request: the server is in read-only mode' } })),
      { code: 'index_unavailable', retryable: false, message: /takes no changes/ },
    ],
    [
      '429 in seconds',
      status(429, '{}', slow('120')),
      { code: 'index_unavailable', retryable: true, message: /429/ },
    ],
    [
      '429 with a date',
      status(429, '{}', slow('Wed, 21 Oct 2026 07:28:00 GMT')),
      { code: 'index_unavailable', retryable: true, message: /429/ },
    ],
    ['429 alone', status(429, '{}'), { code: 'index_unavailable', retryable: true, message: /429/ }],
    [
      'accepted only',
      status(202, '{"result":true}'),
      { code: 'index_unavailable', retryable: false, message: /202/ },
    ],
    [
      'no JSON',
      status(200, '{"result":'),
      { code: 'index_unavailable', retryable: true, message: /speak as Qdrant/ },
    ],
    [
      'a page of something else',
      status(200, '<h1>It works!</h1>', html),
      { code: 'index_unavailable', retryable: true, message: /speak as Qdrant/ },
    ],
    ['a reset', { as: 'reset' }, { code: 'index_unavailable', retryable: true, message: /reached/ }],
    ['half an answer', { as: 'cut' }, { code: 'index_unavailable', retryable: true, message: /reached/ }],
    ['silence', { as: 'hang' }, { code: 'index_unavailable', retryable: true, message: /in time/ }],
  ];

  it.each(cases)('%s', async (_, behaviour, expected) => {
    const index = await openIndex(undefined, behaviour.as === 'hang' ? () => performance.now() : standing);
    server.behave(behaviour);
    const before = server.requests.length;
    const error = await index.lexical(question, audience(), 5).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      name: 'ChipwrightError',
      code: expected.code,
      retryable: expected.retryable,
      retryAfterMs: undefined,
      message: expect.stringMatching(expected.message),
    });
    expect(String(error)).not.toContain('secret plan');
    const tries = server.requests.length - before;
    if (behaviour.as === 'hang' || !expected.retryable) expect(tries).toBe(1);
    else expect(tries).toBe(3);
  });

  it('that is not there at all', async () => {
    const index = await openIndex();
    await server.stop();
    await expect(index.describe()).rejects.toMatchObject({
      code: 'index_unavailable',
      retryable: true,
      message: expect.stringMatching(/ECONNREFUSED/),
    });
    server = await startScriptedQdrant();
  });

  it.each([
    ['1.15.4', { code: 'index_unavailable', message: /too old.*1\.15\.4/, cure: /Upgrade/ }],
    ['1.19.0', { code: 'index_mismatch', message: /not made by Chipwright/, cure: /another server/ }],
  ])('that drops what it was told of a collection: version %s', async (version, { code, message, cure }) => {
    const log = pino({ level: 'silent' });
    const connection = new QdrantConnection({ url: server.url }, { now: standing, log });
    const bare = answer({ config: { params: {} }, payload_schema: {} });
    server.behave(bare, status(200, JSON.stringify({ title: 'qdrant', version })));
    await expect(
      openQdrantIndex({ connection, collection: 'chipwright', encoder: CONTRACT_ENCODER, log }),
    ).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
      cure: expect.stringMatching(cure),
    });
  });

  it('is asked again when the failure passes, for questions and for documents', async () => {
    const index = await openIndex();
    server.behave(status(503), { as: 'reset' }, answer({ count: 3 }));
    expect(await index.describe()).toMatchObject({ documents: 3, chunks: 3 });
    server.behave(answer([]), { as: 'cut' }, status(429, '{}'), answer({ status: 'completed' }));
    await index.put([sampleDocument('a.md', ['clock'])]);
    const paths = server.requests.filter(({ method }) => method === 'PUT').map(({ path }) => path);
    expect(paths).toHaveLength(4);
    expect(paths.every((path) => path.endsWith('/points?wait=true'))).toBe(true);
  });
});

describe('a server that keeps failing', () => {
  it('is left alone after a few failures, and asked again by one search at a time until it is back', async () => {
    let time = 0;
    const connection = new QdrantConnection(
      { url: server.url },
      { now: () => time, log: pino({ level: 'silent' }) },
    );
    const index = await openOn(connection);
    const ask = () => index.lexical(question, audience(), 5);
    server.behave(status(503));
    for (let at = 0; at < 5; at++)
      await expect(ask()).rejects.toMatchObject({ message: expect.stringMatching(/503/) });
    const before = server.requests.length;
    await expect(ask()).rejects.toMatchObject({
      code: 'index_unavailable',
      message: expect.stringMatching(/left alone/),
    });
    expect(server.requests).toHaveLength(before);
    time += 2_000;
    const both = await Promise.allSettled([ask(), ask()]);
    expect(both.map(({ status: end }) => end)).toEqual(['rejected', 'rejected']);
    // One of the two tried, with its own second and third try; the other waited for how it went.
    expect(server.requests).toHaveLength(before + 3);
    time += 2_000;
    server.behave(answer({ count: 1 }));
    const back = await Promise.all([index.describe(), index.describe()]);
    expect(back.map(({ chunks }) => chunks)).toEqual([1, 1]);
  });

  it('is not held against it when it answers, but refuses', async () => {
    const index = await openIndex();
    server.behave(status(400));
    for (let at = 0; at < 8; at++)
      await expect(index.describe()).rejects.toMatchObject({ message: expect.stringMatching(/400/) });
  });
});

describe('what is asked', () => {
  it('carries the key, waits for writes, and stores the document last', async () => {
    const index = await openIndex('k3y');
    server.behave(answer([]), answer({ operation_id: 1, status: 'completed' }));
    await index.put([sampleDocument('a.md', ['clock'])]);
    await index.remove(['sample:a.md']);
    // After the look at the collection and at what it has of the document.
    const writes = server.requests.slice(2);
    expect(server.requests.every(({ apiKey }) => apiKey === 'k3y')).toBe(true);
    expect(writes.every(({ path }) => path.endsWith('wait=true'))).toBe(true);
    expect(writes.map(({ body }) => /"kind":"(\w+)"/.exec(body)?.[1])).toEqual([
      'chunk',
      undefined,
      'document',
      undefined,
    ]);
  });

  it('is nothing for an empty audience', async () => {
    const index = await openIndex();
    const before = server.requests.length;
    const nobody = { tags: [] } as unknown as AudienceFilter;
    expect((await index.lexical(question, nobody, 5)).hits).toEqual([]);
    expect((await index.dense([unitVector(seededRandom(1))], nobody, 5))[0]?.hits).toEqual([]);
    expect(await index.passages(['a'], nobody)).toEqual([]);
    expect(server.requests).toHaveLength(before);
  });

  it('is checked again: a server that ignores the filter shows nothing', async () => {
    const index = await openIndex();
    const point = (id: string, payload: unknown) => ({ id, version: 1, score: 2, payload });
    const points = [
      point('1', { id: 'secret', acl: ['timing'] }),
      point('2', { id: 'open', acl: ['public'] }),
      point('3', { id: 'no audience' }),
      point('4', null),
    ];
    const lists = answer([{ points }, { points: [] }, { points: [] }]);
    server.behave(answer({ count: 4 }), lists);
    expect((await index.lexical(question, audience(), 5)).hits).toEqual([{ id: 'open', score: 2 }]);
    server.behave(answer({ count: 4 }), lists);
    const [dense] = await index.dense([unitVector(seededRandom(1))], audience(), 5);
    expect(dense?.hits).toEqual([{ id: 'open', score: 2 }]);
    server.behave(answer({ points }));
    expect(await index.passages(['secret', 'open'], audience())).toEqual([]);
    expect(logged.map(({ dropped }) => dropped)).toEqual([3, 3, 4]);
    expect(forbidden).toEqual([3, 3, 4]);
  });

  it('has the audience in every search that returns passages, whatever the words', async () => {
    const index = await openIndex();
    server.behave(answer({ count: 100_000 }), answer([{ points: [] }, { points: [] }, { points: [] }]));
    await index.lexical(questionTerms('{"must":[]} acl: everyone'), audience(['timing']), 5);
    const { searches } = JSON.parse(server.requests.at(-1)?.body ?? '') as {
      searches: { filter: { must: unknown[] } }[];
    };
    expect(searches).toHaveLength(3);
    for (const { filter } of searches) {
      expect(filter.must).toContainEqual({ key: 'acl', match: { any: ['public', 'timing'] } });
    }
  });
});

describe('a search by meaning', () => {
  it('looks as closely as it was told to, through the generations too', async () => {
    const log = pino({ level: 'silent' });
    const generations = (hnswEf?: number) =>
      new QdrantGenerations({ url: server.url, hnswEf, fetch, log, now: standing });
    const asked = async (parts: QdrantGenerations) => {
      server.behave(ours);
      const index = await parts.open(1, CONTRACT_ENCODER);
      server.behave(answer({ count: 2 }), answer([{ points: [] }, { points: [] }]));
      await index.dense([unitVector(seededRandom(1))], audience(), 5);
      const { searches } = JSON.parse(server.requests.at(-1)?.body ?? '') as {
        searches: { params?: { hnsw_ef?: number } }[];
      };
      return searches[0]?.params?.hnsw_ef;
    };
    expect(await asked(generations())).toBe(HNSW_EF);
    expect(await asked(generations(400))).toBe(400);
  });
});

describe('the address', () => {
  it.each([
    ['http://localhost', { host: 'localhost', https: false, port: 6333, prefix: '' }],
    ['http://localhost:6333/', { host: 'localhost', https: false, port: 6333, prefix: '' }],
    ['https://q.example.com', { host: 'q.example.com', https: true, port: 6333, prefix: '' }],
    ['https://q.example.com:443', { host: 'q.example.com', https: true, port: 443, prefix: '' }],
    ['http://q.example.com:80/search/', { host: 'q.example.com', https: false, port: 80, prefix: '/search' }],
    ['http://[::1]', { host: '[::1]', https: false, port: 6333, prefix: '' }],
    ['http://[::1]:7000', { host: '[::1]', https: false, port: 7000, prefix: '' }],
  ])('%s', (url, expected) => {
    expect(clientParts({ url })).toMatchObject(expected);
  });

  it('that is none is refused', () => {
    for (const url of ['', 'localhost:6333', 'grpc://localhost']) {
      expect(() => clientParts({ url })).toThrow(/QDRANT_URL/);
    }
  });

  it('keeps its path in every request', async () => {
    server.behave(ours);
    const log = pino({ level: 'silent' });
    const connection = new QdrantConnection({ url: `${server.url}/search/` }, { now: standing, log });
    await openQdrantIndex({ connection, collection: 'chipwright', encoder: CONTRACT_ENCODER, log });
    expect(server.requests[0]?.path).toBe('/search/collections/chipwright');
  });
});
