// Generations on a Qdrant server: the contract, and what only a server with names and aliases can get wrong.
import { randomUUID } from 'node:crypto';
import { QdrantClient } from '@qdrant/js-client-rest';
import { pino } from 'pino';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AS_BUILT } from '../../src/retrieval/generations.js';
import { clientParts } from '../../src/retrieval/qdrant-connection.js';
import { QdrantGenerations } from '../../src/retrieval/qdrant-generations.js';
import { generationsContract } from '../contract/generations.contract.js';
import { CONTRACT_ENCODER, sampleDocument } from '../contract/index.contract.js';
import { findQdrant } from '../support/qdrant-stand-in.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const log = pino({ level: 'silent' });
const now = () => performance.now();
const qdrant = await findQdrant();
const address = qdrant ?? { url: 'http://127.0.0.1:1' };
const client = new QdrantClient({ ...clientParts(address), checkCompatibility: false });

afterAll(() => qdrant?.stop());

let name: string;
const open = async () => {
  name = `chipwright-test-${randomUUID()}`;
  return new QdrantGenerations({ ...address, collection: name, fetch, log, now });
};
/** The clock is read before each request, and there the process stops. */
const dying = (requests: number) => {
  let left = requests;
  const clock = () => {
    left--;
    if (left < 0) throw new Error('killed');
    return 0;
  };
  return new QdrantGenerations({ ...address, collection: name, fetch, log, now: clock });
};
const close = async () => {
  const { collections } = await client.getCollections();
  for (const one of collections) if (one.name.startsWith(name)) await client.deleteCollection(one.name);
};

describe.skipIf(qdrant === undefined)('with a Qdrant server (QDRANT_URL or a local engine)', () => {
  generationsContract({ name: 'collections behind an alias', open, close, dying });

  describe('the alias that says which generation answers', () => {
    let generations: QdrantGenerations;
    beforeEach(async () => {
      generations = await open();
    });
    afterEach(close);
    const fill = async (number: number) => {
      const index = await generations.open(number, CONTRACT_ENCODER);
      await index.put([sampleDocument('a.md', ['clock'])]);
    };
    const aliases = async () =>
      (await client.getAliases()).aliases
        .filter(({ alias_name }) => alias_name.startsWith(name))
        .map(({ alias_name, collection_name }) => [alias_name, collection_name]);

    it('is made by the first publishing and moved by the next ones', async () => {
      await fill(1);
      expect(await aliases()).toEqual([]);
      for (const number of [2, 3]) {
        await fill(number);
        await generations.publish(number);
        expect(await aliases()).toEqual([[`${name}-live`, `${name}-${number}`]]);
      }
      await generations.publish(1);
      await generations.publish(1);
      expect(await aliases()).toEqual([[`${name}-live`, name]]);
    });

    it('is missed when there are generations, but not the first', async () => {
      await fill(4);
      await expect(generations.live()).rejects.toMatchObject({
        code: 'index_unavailable',
        cure: expect.stringContaining('index publish 4'),
      });
      await generations.publish(4);
      expect(await generations.live()).toBe(4);
    });

    it('is refused when it names something else', async () => {
      await fill(1);
      const other = `${name}-x`;
      await client.createCollection(other, { vectors: { size: 4, distance: 'Dot' } });
      await client.updateCollectionAliases({
        actions: [{ create_alias: { alias_name: `${name}-live`, collection_name: other } }],
      });
      await expect(generations.live()).rejects.toMatchObject({ message: expect.stringContaining(other) });
      await generations.publish(1);
      expect(await generations.live()).toBe(1);
    });

    it('leaves collections alone that only look like generations', async () => {
      await fill(1);
      for (const ending of ['-2', '-02', '-1', '-3x'])
        await client.createCollection(`${name}${ending}`, { vectors: { size: 4, distance: 'Dot' } });
      expect((await generations.list()).map(({ number }) => number)).toEqual([1]);
      await expect(generations.publish(2)).rejects.toMatchObject({ code: 'usage_invalid' });
      await expect(generations.open(2, CONTRACT_ENCODER)).rejects.toMatchObject({ code: 'index_mismatch' });
      await expect(generations.open(2, AS_BUILT)).rejects.toMatchObject({ code: 'usage_invalid' });
    });
  });
});
