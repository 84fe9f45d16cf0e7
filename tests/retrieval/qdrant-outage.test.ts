// A Qdrant server that is killed and comes back: what was acknowledged is there, questions learn of it, and nothing needs a restart.
import { pino } from 'pino';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { AS_BUILT } from '../../src/retrieval/generations.js';
import { HybridRetriever } from '../../src/retrieval/hybrid-retriever.js';
import { LiveRetriever } from '../../src/retrieval/live-retriever.js';
import { QdrantGenerations } from '../../src/retrieval/qdrant-generations.js';
import { verifyIndex } from '../../src/retrieval/verify-index.js';
import { audience } from '../../src/safety/access.js';
import { CONTRACT_ENCODER, sampleDocument } from '../contract/index.contract.js';
import { startMortalQdrant } from '../support/qdrant-stand-in.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const log = pino({ level: 'silent' });
const qdrant = await startMortalQdrant();
afterAll(() => qdrant?.stop());

describe.skipIf(qdrant === undefined)('a server that is killed (a local engine)', () => {
  it('answers again when it is back, with all that it acknowledged, and without a restart of ours', async () => {
    if (qdrant === undefined) return;
    let ahead = 0;
    const now = () => performance.now() + ahead;
    const generations = new QdrantGenerations({ url: qdrant.url, fetch, log, now });
    const index = await generations.open(1, CONTRACT_ENCODER);
    await index.put(
      Array.from({ length: 20 }, (_, at) => sampleDocument(`d${at}.md`, [`clock ${at}`, `power ${at}`])),
    );
    const before = await verifyIndex(index);
    const open = async (number: number) => ({
      number,
      retriever: new HybridRetriever({ index, encoder: null, now }),
      close: () => index.close(),
    });
    const retriever = new LiveRetriever({
      first: await open(1),
      live: () => generations.live(),
      open,
      now,
      log,
    });
    const ask = async () => (await retriever.search('clock 7', audience(), 3)).passages[0]?.document.path;
    expect(await ask()).toBe('d7.md');
    await qdrant.kill();
    for (let at = 0; at < 5; at++) await expect(ask()).rejects.toMatchObject({ code: 'index_unavailable' });
    await expect(ask()).rejects.toMatchObject({ message: expect.stringContaining('left alone') });
    await qdrant.startAgain();
    ahead += 2_000;
    expect(await ask()).toBe('d7.md');
    expect(await verifyIndex(await generations.open(1, AS_BUILT))).toEqual(before);
    await retriever.close();
  });
});
