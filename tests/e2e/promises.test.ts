// An accepted question gets one ending, in order, whatever happens: the proofs of tests/load/proofs with small counts.
import { describe, expect, it, vi } from 'vitest';
import { seededRandom } from '../../src/evaluation/bootstrap.js';
import { slackChat, teamsChat } from '../load/proofs/chat.js';
import { deliveries } from '../load/proofs/deliveries.js';
import { interruptions } from '../load/proofs/interruptions.js';
import { replicas } from '../load/proofs/replicas.js';
import { onEachEngine } from '../support/each-engine.js';
import { hasPostgres } from '../support/postgres.js';

vi.setConfig({ testTimeout: 240_000 });

onEachEngine('deliveries in disorder, to an unwilling Slack', (freshPlace) => {
  it('lose nothing, double nothing, and keep the order of threads', async () => {
    const store = await (await freshPlace()).open();
    try {
      const seen = await deliveries(store, 200, seededRandom(3));
      expect(seen.broken).toEqual([]);
      expect(seen.questions).toBeGreaterThan(40);
      expect(seen.faults).toBeGreaterThan(10);
    } finally {
      await store.close();
    }
  });
});

describe.concurrent('the program', () => {
  it('answers each question once across kill -9 at random moments', async () => {
    const seen = await interruptions(await slackChat(seededRandom(4)), 'SIGKILL', 2, seededRandom(4));
    expect(seen.broken).toEqual([]);
    expect(seen.questions).toBeGreaterThan(5);
  });

  it('answers each question in Teams once, or says that it is in doubt, across kill -9', async () => {
    const seen = await interruptions(await teamsChat(seededRandom(7)), 'SIGKILL', 2, seededRandom(7));
    expect(seen.broken).toEqual([]);
    expect(seen.questions).toBeGreaterThan(5);
  });

  it('ends well by SIGTERM at random moments, and leaves nothing unanswered', async () => {
    const seen = await interruptions(await slackChat(seededRandom(5)), 'SIGTERM', 2, seededRandom(5));
    expect(seen.endedBadly).toEqual([]);
    expect(seen.broken).toEqual([]);
    expect(seen.questions).toBeGreaterThan(5);
  });

  it.skipIf(!hasPostgres)(
    'answers each question once as replicas on one PostgreSQL, of which one dies',
    async () => {
      const seen = await replicas(2, 1_500, seededRandom(6));
      expect(seen.broken).toEqual([]);
      expect(seen.questions).toBeGreaterThan(5);
    },
  );
});
