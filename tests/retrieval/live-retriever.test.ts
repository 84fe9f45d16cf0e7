// The switch to another generation while questions are being answered.
import { pino } from 'pino';
import { describe, expect, it, vi } from 'vitest';
import { LiveRetriever, type OpenGeneration } from '../../src/retrieval/live-retriever.js';
import type { Retrieval } from '../../src/retrieval/retriever.js';
import { audience } from '../../src/safety/access.js';

const log = pino({ level: 'silent' });

/** A generation whose searches say its number, and wait for `gate` when given one. */
function generation(number: number, gate: Promise<void> = Promise.resolve()) {
  const state = { closed: false, searchedAfterClose: false };
  const opened: OpenGeneration = {
    number,
    retriever: {
      async search(): Promise<Retrieval> {
        await gate;
        if (state.closed) state.searchedAfterClose = true;
        return { passages: [], confidence: number, mode: 'hybrid', timings: { encodeMs: 0, searchMs: 0 } };
      },
    },
    async close() {
      state.closed = true;
    },
  };
  return { opened, state };
}

function setup(first: OpenGeneration, others: Record<number, OpenGeneration>) {
  const world = { live: first.number, time: 0, opens: 0 };
  const retriever = new LiveRetriever({
    first,
    live: async () => world.live,
    open: async (number) => {
      world.opens++;
      const found = others[number];
      if (found === undefined) throw new Error('no such generation');
      return found;
    },
    now: () => world.time,
    log,
  });
  const ask = async () => (await retriever.search('q', audience(), 8)).confidence;
  return { world, retriever, ask };
}

describe('a live retriever', () => {
  it('takes up what was published, without a restart, and closes the old one', async () => {
    const one = generation(1);
    const two = generation(2);
    const { world, ask } = setup(one.opened, { 2: two.opened });
    expect(await ask()).toBe(1);
    world.live = 2;
    world.time = 5_000;
    await ask();
    await vi.waitFor(async () => expect(await ask()).toBe(2));
    await vi.waitFor(() => expect(one.state.closed).toBe(true));
    expect(world.opens).toBe(1);
  });

  it('finishes a search on the generation it began with', async () => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const one = generation(1, gate);
    const { world, retriever, ask } = setup(one.opened, { 2: generation(2).opened });
    world.live = 2;
    const slow = ask();
    await vi.waitFor(() => expect(retriever.current.number).toBe(2));
    expect(one.state.closed).toBe(false);
    expect(await ask()).toBe(2);
    release();
    expect(await slow).toBe(1);
    await vi.waitFor(() => expect(one.state.closed).toBe(true));
    expect(one.state.searchedAfterClose).toBe(false);
  });

  it('answers on from the old one when the new one cannot be opened, and tries again later', async () => {
    const one = generation(1);
    const others: Record<number, OpenGeneration> = {};
    const { world, ask } = setup(one.opened, others);
    world.live = 2;
    await ask();
    await vi.waitFor(() => expect(world.opens).toBe(1));
    world.time = 2_000;
    expect(await ask()).toBe(1);
    expect(world.opens).toBe(1);
    others[2] = generation(2).opened;
    world.time = 60_000;
    await ask();
    await vi.waitFor(async () => expect(await ask()).toBe(2));
  });

  it('closes everything at the end, also while another one is being opened', async () => {
    const one = generation(1);
    const two = generation(2);
    const { world, retriever, ask } = setup(one.opened, { 2: two.opened });
    world.live = 2;
    await ask();
    await retriever.close();
    expect(one.state.closed).toBe(true);
    expect(two.state.closed).toBe(true);
  });
});
