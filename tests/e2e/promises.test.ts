// An accepted question gets one ending, in order, whatever happens: the proofs of tests/load/proofs with small counts.
import { describe, expect, it, vi } from 'vitest';
import { seededRandom } from '../../src/evaluation/bootstrap.js';
import { deliveries } from '../load/proofs/deliveries.js';
import { interruptions } from '../load/proofs/interruptions.js';
import { onEachEngine } from '../support/each-engine.js';

vi.setConfig({ testTimeout: 240_000 });

onEachEngine('deliveries in disorder, to an unwilling Slack', (freshPlace) => {
  it('lose nothing, double nothing, and keep the order of threads', async () => {
    const store = await (await freshPlace()).open();
    try {
      const seen = await deliveries(store, 300, seededRandom(3));
      expect(seen.broken).toEqual([]);
      expect(seen.questions).toBeGreaterThan(50);
      expect(seen.faults).toBeGreaterThan(20);
    } finally {
      await store.close();
    }
  });
});

describe.concurrent('the program', () => {
  it('answers each question once across kill -9 at random moments', async () => {
    const seen = await interruptions('SIGKILL', 3, seededRandom(4));
    expect(seen.broken).toEqual([]);
    expect(seen.questions).toBeGreaterThan(5);
  });

  it('ends well by SIGTERM at random moments, and leaves nothing unanswered', async () => {
    const seen = await interruptions('SIGTERM', 3, seededRandom(5));
    expect(seen.endedBadly).toEqual([]);
    expect(seen.broken).toEqual([]);
    expect(seen.questions).toBeGreaterThan(5);
  });
});
