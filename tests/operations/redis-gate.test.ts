// Replicas that share a Redis server take turns at each destination, and go on without one another while it is away.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createPace } from '../../src/operations/pace.js';
import { openRedisGate, type RedisGate } from '../../src/operations/redis-gate.js';
import { hasRedis, type RedisServer, startRedis } from '../support/redis.js';

/** So long that no slow machine gets through one of them. */
const GAP_MS = 60 * 60 * 1_000;

describe.skipIf(!hasRedis)('a gate on a Redis server', () => {
  let server: RedisServer;
  const gates: RedisGate[] = [];
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server?.close());
  afterEach(() => {
    for (const gate of gates.splice(0)) gate.close();
  });

  /** One of several replicas, ready; its waits are noted, not waited. */
  async function replica(patienceMs = 60_000) {
    const waits: number[] = [];
    const clock = { time: 0 };
    const gate = openRedisGate(server.url, {
      now: () => clock.time,
      sleep: async (ms) => void waits.push(ms),
      patienceMs,
    });
    gates.push(gate);
    await answers(gate);
    return { gate, waits, clock };
  }

  async function answers(gate: RedisGate): Promise<void> {
    for (;;) {
      const isBack = await gate.check().then(
        () => true,
        () => false,
      );
      if (isBack) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  it('gives turns at one destination one after the other, whichever replica asks', async () => {
    const [one, two] = [await replica(), await replica()];
    await one.gate.pass('C1', GAP_MS);
    await two.gate.pass('C1', GAP_MS);
    await one.gate.pass('C1', GAP_MS);
    const [second = 0, third = 0] = [two.waits[0], one.waits[0]];
    expect([one.waits.length, two.waits.length]).toEqual([1, 1]);
    expect(second).toBeGreaterThan(0);
    expect(second).toBeLessThanOrEqual(GAP_MS);
    expect(third).toBeGreaterThan(second);
    expect(third).toBeLessThanOrEqual(2 * GAP_MS);
  });

  it('keeps no destination waiting for another', async () => {
    const { gate, waits } = await replica();
    await gate.pass('C2', GAP_MS);
    await gate.pass('C3', GAP_MS);
    expect(waits).toEqual([]);
  });

  it('lets everybody pass while the server is down, says so, and takes turns again when it is back', async () => {
    const { gate, waits, clock } = await replica();
    await gate.pass('C4', GAP_MS);
    await server.stop();
    await gate.pass('C4', GAP_MS);
    expect(waits).toEqual([]);
    await expect(gate.check()).rejects.toMatchObject({
      retryable: true,
      message: expect.stringContaining('each process paces for itself'),
    });
    await server.start();
    await answers(gate);
    clock.time += 2_000;
    await gate.pass('C4', GAP_MS);
    await gate.pass('C4', GAP_MS);
    expect(waits).toHaveLength(1);
  });

  it('is not waited for while it hangs, and is not asked each time', async () => {
    const { gate, waits, clock } = await replica(200);
    server.freeze();
    try {
      await gate.pass('C5', GAP_MS);
      await gate.pass('C5', GAP_MS);
      await expect(gate.check()).rejects.toMatchObject({ code: 'timeout' });
    } finally {
      server.thaw();
    }
    expect(waits).toEqual([]);
    await answers(gate);
    clock.time += 2_000;
    await gate.pass('C5', GAP_MS);
    await gate.pass('C5', GAP_MS);
    expect(waits.length).toBeGreaterThan(0);
  });

  it('does not wait for what cannot be a turn', async () => {
    const { gate, waits } = await replica();
    for (let n = 0; n < 70; n += 1) await gate.pass('C6', GAP_MS);
    expect(Math.max(...waits)).toBeLessThanOrEqual(60 * GAP_MS);
    expect(waits.length).toBeLessThan(69);
  });

  it('opens without a server', async () => {
    const gate = openRedisGate('redis://127.0.0.1:1', { now: () => 0 });
    gates.push(gate);
    await gate.pass('C7', GAP_MS);
    await expect(gate.check()).rejects.toMatchObject({ code: 'timeout' });
  });

  it('stands before each task of a pace, in its order', async () => {
    const events: string[] = [];
    const pace = createPace({ pass: async (key, gap) => void events.push(`turn at ${key}, ${gap} ms`) });
    await Promise.all(['a', 'b'].map((name) => pace.run('c', 1, async () => void events.push(name))));
    expect(events).toEqual(['turn at c, 1 ms', 'a', 'turn at c, 1 ms', 'b']);
    await pace.stop();
  });
});
