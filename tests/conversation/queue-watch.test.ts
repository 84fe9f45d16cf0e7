// Who waits long is told where they stand, sparingly, by one process, also after a restart; and the metrics count what the store holds.
import { sql } from 'kysely';
import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';
import type { IncomingMessage } from '../../src/conversation/message.js';
import { QueueWatch } from '../../src/conversation/queue-watch.js';
import { toStored } from '../../src/conversation/stored-message.js';
import { MessageStore } from '../../src/storage/message-store.js';
import type { Store } from '../../src/storage/store.js';
import { onEachEngine } from '../support/each-engine.js';
import { message } from '../support/orchestrator-doubles.js';
import { recordedMetrics } from '../support/recorded-metrics.js';

const START = 1_000_000_000;
const MANY = { waiting: 1_000 };

onEachEngine('the watch over the queue', (freshPlace) => {
  const clock = { time: START };
  const stores: Store[] = [];
  const watches: QueueWatch[] = [];
  afterEach(async () => {
    clock.time = START;
    for (const watch of watches.splice(0)) await watch.stop();
    for (const store of stores.splice(0)) await store.close();
  });

  async function freshStore() {
    const store = await (await freshPlace()).open();
    stores.push(store);
    const messages = new MessageStore(store);
    const put = (id: string, over: Partial<IncomingMessage> = {}) =>
      messages.put(
        toStored(
          message(`canary of ${id}`, {
            id,
            thread: { platform: 'slack', tenant: 'T', key: id },
            receivedAt: new Date(clock.time),
            ...over,
          }),
        ),
        MANY,
      );
    return { store, messages, put };
  }

  /** A watch that looks when it is told to. */
  function watchOver(store: Store) {
    const told: [id: string, before: number][] = [];
    const firsts: boolean[] = [];
    const recorded = recordedMetrics();
    const lines: string[] = [];
    let resume = () => {};
    let looked = () => {};
    const watch = new QueueWatch({
      store,
      platforms: ['slack'],
      metrics: recorded.metrics,
      tell: ({ id }, { before, first }) => {
        told.push([id, before]);
        firsts.push(first);
      },
      now: () => clock.time,
      pause: (_ms, signal) =>
        new Promise((resolve) => {
          resume = () => {
            signal.removeEventListener('abort', resume);
            resolve();
          };
          signal.addEventListener('abort', resume);
          looked();
        }),
      log: pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) }),
    });
    watches.push(watch);
    const look = () =>
      new Promise<void>((resolve) => {
        looked = resolve;
        watch.start();
        resume();
      });
    const queue = () => recorded.told.filter(([name]) => name === 'queue').at(-1);
    return { look, told, firsts, queue, lines };
  }

  it('counts what waits in the store, whoever took it in, and since when', async () => {
    const { store, messages, put } = await freshStore();
    const { look, queue } = watchOver(store);
    await look();
    expect(queue()).toEqual(['queue', 0, undefined]);
    await put('1');
    clock.time += 500;
    await put('2');
    await look();
    expect(queue()).toEqual(['queue', 2, START]);
    await messages.claim('another process', ['slack']);
    const restarted = watchOver(store);
    await restarted.look();
    expect(restarted.queue()).toEqual(['queue', 1, START + 500]);
  });

  it('tells nobody within five seconds, then each how many are before them', async () => {
    const { store, put } = await freshStore();
    const { look, told } = watchOver(store);
    for (const id of ['1', '2', '3']) await put(id, { author: { id, tenant: 'T', kind: 'human' } });
    clock.time += 5_000;
    await look();
    expect(told).toEqual([]);
    clock.time += 1;
    await look();
    expect(told).toEqual([
      ['1', 0],
      ['2', 1],
      ['3', 2],
    ]);
    await look();
    expect(told).toHaveLength(3);
  });

  it('tells again when half of them are through, a few at a time', async () => {
    const { store, messages, put } = await freshStore();
    const { look, told, firsts } = watchOver(store);
    for (let n = 0; n < 12; n += 1) await put(`m${n}`);
    clock.time += 6_000;
    await look();
    expect(told).toHaveLength(5);
    await look();
    await look();
    expect(told).toHaveLength(12);
    expect(firsts).toEqual(Array(12).fill(true));
    const last = () => told.filter(([id]) => id === 'm11').map(([, before]) => before);
    for (let n = 0; n < 11; n += 1) {
      const { key = '' } = (await messages.claim('a', ['slack'])) ?? {};
      await messages.end('a', key, 'answered');
      await look();
    }
    expect(last()).toEqual([11, 5, 2, 1, 0]);
    expect(firsts.slice(12)).toEqual(Array(firsts.length - 12).fill(false));
  });

  it('goes on after a restart, and does not tell twice what was told', async () => {
    const { store, messages, put } = await freshStore();
    const first = watchOver(store);
    for (let n = 0; n < 3; n += 1) await put(`m${n}`);
    clock.time += 6_000;
    await first.look();
    const second = watchOver(store);
    await second.look();
    expect(second.told).toEqual([]);
    await messages.claim('a', ['slack']);
    await Promise.all([first.look(), second.look()]);
    const together = [...first.told.slice(3), ...second.told];
    expect(together.sort()).toEqual([
      ['m1', 0],
      ['m2', 1],
    ]);
  });

  it('leaves a thread alone in which something else comes first', async () => {
    const { store, messages, put } = await freshStore();
    const { look, told } = watchOver(store);
    const thread = { platform: 'slack', tenant: 'T', key: 'same' } as const;
    await put('1', { thread });
    await put('2', { thread });
    await messages.claim('a', ['slack']);
    await put('3', { thread: { ...thread, platform: 'teams' } });
    clock.time += 6_000;
    await look();
    expect(told).toEqual([]);
    expect((await messages.claim('a', ['teams']))?.key).toContain('3');
  });

  it('goes on looking after the store failed', async () => {
    const { store, put } = await freshStore();
    const { look, queue, lines } = watchOver(store);
    await put('1');
    await sql`ALTER TABLE messages RENAME TO away`.execute(store.db);
    await look();
    await sql`ALTER TABLE away RENAME TO messages`.execute(store.db);
    await look();
    expect(queue()).toEqual(['queue', 1, START]);
    expect(lines.join()).toContain('cannot be looked at');
    expect(lines.join()).not.toContain('canary');
  });
});
