// The switch to another generation while questions are being answered.
import { pino } from 'pino';
import { describe, expect, it, vi } from 'vitest';
import { ChipwrightError } from '../../src/errors.js';
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

function setup(
  first: OpenGeneration | ChipwrightError,
  others: Record<number, OpenGeneration | ChipwrightError>,
) {
  const world = { live: first instanceof ChipwrightError ? 1 : first.number, time: 0, opens: 0 };
  const retriever = new LiveRetriever({
    first,
    live: async () => world.live,
    open: async (number) => {
      world.opens++;
      const found = others[number];
      if (found === undefined) throw new Error('no such generation');
      if (found instanceof ChipwrightError) throw found;
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
    const others: Record<number, OpenGeneration | ChipwrightError> = {};
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

const down = new ChipwrightError('index_unavailable', 'The server is down.', { cure: 'x', retryable: true });
const refused = new ChipwrightError('index_refused', 'The key was refused.', { cure: 'x' });

describe('a live retriever that could open nothing', () => {
  it('tells each question why at once, and the newest reason', async () => {
    const { world, retriever, ask } = setup(down, { 1: refused });
    expect(retriever.outage).toBe(down);
    await expect(ask()).rejects.toBe(down);
    await vi.waitFor(() => expect(retriever.outage).toBe(refused));
    await expect(ask()).rejects.toBe(refused);
    expect(() => retriever.current).toThrow(refused);
    expect(world.opens).toBe(1);
    await retriever.close();
  });

  it('answers once it can be opened, without a question having to ask for it', async () => {
    const one = generation(1);
    const others: Record<number, OpenGeneration | ChipwrightError> = { 1: down };
    const { world, retriever, ask } = setup(down, others);
    await retriever.refresh();
    others[1] = one.opened;
    world.time = 1_000;
    await retriever.refresh();
    expect(retriever.outage).toBeUndefined();
    expect(await ask()).toBe(1);
    await retriever.close();
    expect(one.state.closed).toBe(true);
  });

  it('is asked to look by many at once, and looks once', async () => {
    const { world, retriever, ask } = setup(down, { 1: down });
    await Promise.allSettled(Array.from({ length: 50 }, ask));
    await retriever.refresh();
    expect(world.opens).toBe(1);
  });
});

describe('a live retriever that lacks something', () => {
  it('answers with what it has, and takes up the whole when it is there', async () => {
    const half = generation(1);
    const stillHalf = generation(1);
    const whole = generation(1);
    const others: Record<number, OpenGeneration> = { 1: { ...stillHalf.opened, problem: down } };
    const { world, retriever, ask } = setup({ ...half.opened, problem: down }, others);
    expect(await ask()).toBe(1);
    await retriever.refresh();
    expect(world.opens).toBe(0);
    world.time = 31_000;
    await retriever.refresh();
    expect(world.opens).toBe(1);
    expect(stillHalf.state.closed).toBe(true);
    expect(retriever.current.problem).toBe(down);
    others[1] = whole.opened;
    world.time = 62_000;
    await retriever.refresh();
    expect(retriever.current.problem).toBeUndefined();
    await vi.waitFor(() => expect(half.state.closed).toBe(true));
    world.time = 999_000;
    await retriever.refresh();
    expect(world.opens).toBe(2);
  });
});
