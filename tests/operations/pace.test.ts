// The pace: order and gaps per destination, and an end that loses nothing.
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createPace } from '../../src/operations/pace.js';

describe('the pace', () => {
  it('runs the tasks of one key one at a time, in order', async () => {
    const pace = createPace();
    const events: string[] = [];
    const task = (name: string) => async () => {
      events.push(`${name} begins`);
      await wait(3);
      events.push(`${name} ends`);
    };
    await Promise.all([pace.run('c', 0, task('a')), pace.run('c', 0, task('b'))]);
    expect(events).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
    await pace.stop();
  });

  it('keeps the gap within a key and none between keys', async () => {
    const pace = createPace();
    const order: string[] = [];
    const note = (name: string) => async () => {
      order.push(name);
    };
    await Promise.all([
      pace.run('slow', 60, note('slow 1')),
      pace.run('slow', 60, note('slow 2')),
      pace.run('other', 60, note('other 1')),
    ]);
    expect(order).toEqual(['slow 1', 'other 1', 'slow 2']);
    await pace.stop();
  });

  it('passes on what a task returns or throws, and goes on', async () => {
    const pace = createPace();
    await expect(pace.run('c', 0, async () => 7)).resolves.toBe(7);
    await expect(
      pace.run('c', 0, async () => {
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    await expect(pace.run('c', 0, async () => 8)).resolves.toBe(8);
    await pace.stop();
  });

  it('finishes what waits when it stops, and refuses the rest', async () => {
    const pace = createPace();
    const done: number[] = [];
    const tasks = [1, 2, 3].map((n) =>
      pace.run('c', 5, async () => {
        done.push(n);
      }),
    );
    await pace.stop();
    await Promise.all(tasks);
    expect(done).toEqual([1, 2, 3]);
    await expect(pace.run('c', 0, async () => 1)).rejects.toMatchObject({ code: 'draining' });
  });
});
