// Who may read what, on both engines against the plainest check there is: 5,000 random cases of a person, their groups and documents.
import { randomUUID } from 'node:crypto';
import { QdrantClient } from '@qdrant/js-client-rest';
import { pino } from 'pino';
import { afterAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/evaluation/bootstrap.js';
import type { Index, IndexedDocument } from '../../src/retrieval/index-port.js';
import { questionTerms } from '../../src/retrieval/lexical.js';
import { clientParts, QdrantConnection } from '../../src/retrieval/qdrant-connection.js';
import { openQdrantIndex } from '../../src/retrieval/qdrant-index.js';
import { openSqliteIndex } from '../../src/retrieval/sqlite-index.js';
import { audience } from '../../src/safety/access.js';
import { CONTRACT_ENCODER, sampleDocument, unitVector } from '../contract/index.contract.js';
import { findQdrant } from '../support/qdrant-stand-in.js';

const CORPORA = 10;
const PEOPLE = 500;
const GROUPS = ['public', ...Array.from({ length: 12 }, (_, at) => `team-${at}`)];

const log = pino({ level: 'silent' });
const now = () => performance.now();
const qdrant = await findQdrant();
const address = qdrant ?? { url: 'http://127.0.0.1:1' };
const collection = `chipwright-test-${randomUUID()}`;

afterAll(async () => {
  if (qdrant === undefined) return;
  await new QdrantClient({ ...clientParts(qdrant), checkCompatibility: false }).deleteCollection(collection);
  await qdrant.stop();
});

/** Each way of asking, by turns: the ids of the chunks that came back. */
const WAYS: readonly ((
  index: Index,
  groups: readonly string[],
  ids: readonly string[],
) => Promise<string[]>)[] = [
  async (index, groups) => {
    const { hits } = await index.lexical(questionTerms('shared words'), audience(groups), 100);
    return hits.map(({ id }) => id);
  },
  async (index, groups) => {
    const [list] = await index.dense([unitVector(seededRandom(groups.length))], audience(groups), 100);
    return (list?.hits ?? []).map(({ id }) => id);
  },
  async (index, groups, ids) => (await index.passages(ids, audience(groups))).map(({ id }) => id),
  async (index, groups, ids) => {
    const wanted = ids.map((id) => ({ document: `sample:${id.split('#')[0]}`, from: 0, to: 3 }));
    return (await index.stretches(wanted, audience(groups))).map(({ id }) => id);
  },
];

async function holdAgainstOracle(index: Index): Promise<number> {
  const random = seededRandom(99);
  const some = (share: number) => GROUPS.filter(() => random() < share);
  let cases = 0;
  for (let corpus = 0; corpus < CORPORA; corpus++) {
    // The same documents with other readers each time: an audience that was withdrawn must not linger.
    const documents: IndexedDocument[] = Array.from({ length: 12 }, (_, at) => {
      const readers = some(0.2);
      return sampleDocument(`o${at}.md`, [`shared words ${at}`], {
        audience: readers.length > 0 ? readers : ['nobody-here'],
        hash: `h${corpus}`,
        random,
      });
    });
    await index.put(documents);
    const ids = documents.map(({ chunks }) => chunks[0]?.id ?? '');
    const people = Array.from({ length: PEOPLE }, () => some(0.25));
    for (let from = 0; from < people.length; from += 4) {
      await Promise.all(
        people.slice(from, from + 4).map(async (groups, at) => {
          const readable = documents.filter(({ document }) =>
            document.audience.some((tag) => tag === 'public' || groups.includes(tag)),
          );
          const found = await WAYS[at]?.(index, groups, ids);
          expect(found?.sort()).toEqual(readable.map(({ chunks }) => chunks[0]?.id ?? '').sort());
          cases++;
        }),
      );
    }
  }
  return cases;
}

describe('no passage reaches anybody outside its audience, and each reaches everybody inside', () => {
  it('in the embedded index', async () => {
    const index = openSqliteIndex(':memory:', { encoder: CONTRACT_ENCODER });
    expect(await holdAgainstOracle(index)).toBe(5_000);
    await index.close();
  }, 60_000);

  it.skipIf(qdrant === undefined)(
    'on a Qdrant server',
    async () => {
      const connection = new QdrantConnection(address, { now, log });
      const index = await openQdrantIndex({ connection, collection, encoder: CONTRACT_ENCODER, log });
      expect(await holdAgainstOracle(index)).toBe(5_000);
    },
    240_000,
  );
});
