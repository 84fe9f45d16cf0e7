// When the encoder hangs, crashes or is slow: words alone find the answer, and nobody waits for ever.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ChipwrightError } from '../../src/errors.js';
import type { Encoder } from '../../src/retrieval/encoder/encoder.js';
import { timely } from '../../src/retrieval/encoder/timely-encoder.js';
import { HybridRetriever } from '../../src/retrieval/hybrid-retriever.js';
import { toIndexed } from '../../src/retrieval/indexing.js';
import type { Retriever } from '../../src/retrieval/retriever.js';
import { openSqliteIndex } from '../../src/retrieval/sqlite-index.js';
import { orWordsAlone } from '../../src/retrieval/words-alone.js';
import { audience } from '../../src/safety/access.js';

const log = pino({ level: 'silent' });
const crashed = new ChipwrightError('encoder_unavailable', 'It crashed.', { cure: 'Wait.', retryable: true });

/** Encodes after so long; Infinity: never. */
function encoderOf(state: { ms: number; error?: Error }): Encoder & { calls: number } {
  return {
    id: 'e@1',
    name: 'e',
    dimensions: 2,
    calls: 0,
    async encode(texts) {
      this.calls += 1;
      if (state.error !== undefined) throw state.error;
      if (state.ms === Number.POSITIVE_INFINITY) await new Promise(() => {});
      if (state.ms > 0) await new Promise((resolve) => setTimeout(resolve, state.ms));
      return texts.map(() => Float32Array.of(1, 0));
    },
    async close() {},
  };
}

async function world(state: { ms: number; error?: Error }) {
  const encoder = encoderOf({ ms: 0 });
  const index = openSqliteIndex(':memory:', { encoder });
  const document = { id: 'd', source: 's', path: 'd.md', title: 'Clocks', contentHash: 'h', version: '' };
  const chunks = [{ id: 'c', ordinal: 0, path: [], text: 'A clock tree is balanced.', place: {} }];
  await index.put(await toIndexed([{ document: { ...document, audience: ['public'] }, chunks }], encoder));
  const slow = encoderOf(state);
  const hybrid = new HybridRetriever({ index, encoder: timely(slow, { now: Date.now }), now: Date.now });
  return { slow, index, retriever: orWordsAlone(hybrid, log) };
}

const STEP_MS = 1_000;

/** Turns of the event loop, more than a search takes between two waits: after each vector it lets others have one. */
async function turns() {
  for (let turn = 0; turn < 200; turn++) await nextTurn();
}

/** What a search came to within `ms`; undefined when it still goes on. */
async function within(ms: number, retriever: Retriever) {
  let found: Awaited<ReturnType<Retriever['search']>> | undefined;
  const searching = retriever.search('clock tree', audience(), 8).then((result) => {
    found = result;
  });
  await turns();
  for (let left = ms; left > 0; left -= STEP_MS) {
    await vi.advanceTimersByTimeAsync(Math.min(left, STEP_MS));
    await turns();
  }
  if (found !== undefined) await searching;
  return found;
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('an encoder that is not there in time', () => {
  it('is waited for while it is merely slow', async () => {
    const { retriever } = await world({ ms: 4_000 });
    expect(await within(9_000, retriever)).toMatchObject({ mode: 'hybrid', passages: [{ id: 'c' }] });
  });

  it('is given up when it hangs, and the words find the answer', async () => {
    const { retriever } = await world({ ms: Number.POSITIVE_INFINITY });
    expect(await within(9_999, retriever)).toBeUndefined();
    expect(await within(10_001, retriever)).toMatchObject({ mode: 'lexical', passages: [{ id: 'c' }] });
  });

  it('is left alone after it hung several times, and used again when it is back', async () => {
    const state = { ms: Number.POSITIVE_INFINITY };
    const { slow, retriever } = await world(state);
    for (let time = 0; time < 3; time++) await within(10_001, retriever);
    const before = slow.calls;
    expect(await within(0, retriever)).toMatchObject({ mode: 'lexical' });
    expect(slow.calls).toBe(before);
    state.ms = 0;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await within(0, retriever)).toMatchObject({ mode: 'hybrid' });
  });

  it('does without one that crashes', async () => {
    const { retriever } = await world({ ms: 0, error: crashed });
    expect(await within(0, retriever)).toMatchObject({ mode: 'lexical', passages: [{ id: 'c' }] });
  });

  it('passes on what an index says', async () => {
    const { index, retriever } = await world({ ms: 0 });
    await index.close();
    await expect(retriever.search('clock', audience(), 8)).rejects.toThrow();
  });

  it('does not hurry the encoding of documents', async () => {
    const encoder = timely(encoderOf({ ms: 100_000 }), { now: Date.now });
    const encoding = encoder.encode(['a passage'], 'passage');
    await vi.advanceTimersByTimeAsync(100_000);
    expect(await encoding).toHaveLength(1);
  });
});
