// Where each waiting message stands: as the store will really take them.
import { expect, it } from 'vitest';
import { placesInQueue } from '../../src/conversation/queue-order.js';
import { MessageStore } from '../../src/storage/message-store.js';
import { QueueView } from '../../src/storage/queue-view.js';
import { openSqliteStore } from '../../src/storage/sqlite-store.js';

/** A row of numbers that always comes out the same. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

it.each([1, 2, 3, 4, 5])('tells the order in which messages are taken (%i)', async (seed) => {
  const next = numbers(seed);
  const store = await openSqliteStore(':memory:');
  const messages = new MessageStore(store);
  const put = async (key: string) => {
    const person = `U${next(6)}`;
    await messages.put(
      {
        ...{ key, platform: 'slack', workspace: 'T', body: '{}', receivedAt: 0 },
        ...{ person, thread: `${person} in ${next(3)}` },
      },
      { waiting: 1_000 },
    );
  };
  const takeOne = async () => {
    const { key = '' } = (await messages.claim('a', ['slack'])) ?? {};
    await messages.end('a', key, 'answered');
    return key;
  };
  for (let n = 0; n < 10; n += 1) await put(`early ${n}`);
  for (let n = 0; n < 6; n += 1) await takeOne();
  for (let n = 0; n < 40; n += 1) await put(`late ${n}`);
  const places = placesInQueue(await new QueueView(store).waiting());
  const order = [...places].sort(([, a], [, b]) => a - b).map(([key]) => key);
  const taken: string[] = [];
  for (let n = 0; n < order.length; n += 1) taken.push(await takeOne());
  expect(order).toHaveLength(44);
  expect(taken).toEqual(order);
  await store.close();
});
