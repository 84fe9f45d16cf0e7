// What is acknowledged is on the disk: nobody gets by with a sync that began before they wrote.
import { expect, it } from 'vitest';
import { sharedSync } from '../../src/storage/shared-sync.js';

/** A disk that takes its time: each sync ends when the test says so, and keeps what had been written when it began. */
function disk() {
  const endings: ((error?: Error) => void)[] = [];
  const state = { written: 0, kept: 0, syncs: endings };
  const sync = () => {
    const { written } = state;
    return new Promise<void>((resolve, reject) => {
      endings.push((error) => {
        if (error !== undefined) return reject(error);
        state.kept = written;
        resolve();
      });
    });
  };
  return { state, durable: sharedSync(sync) };
}

const turns = () => new Promise((resolve) => setImmediate(resolve));

it('has what was written before on the disk, in few syncs however many wait', async () => {
  const { state, durable } = disk();
  const seen: boolean[] = [];
  const write = () => {
    state.written += 1;
    const mine = state.written;
    return durable().then(() => seen.push(state.kept >= mine));
  };
  const all = [write(), write()];
  await turns();
  for (let n = 0; n < 50; n += 1) all.push(write());
  state.syncs[0]?.();
  await turns();
  state.syncs[1]?.();
  await Promise.all(all);
  expect(seen).toEqual(Array.from({ length: 52 }, () => true));
  expect(state.syncs).toHaveLength(2);
});

it('tells those whose sync failed, and tries again for the next', async () => {
  const { state, durable } = disk();
  const failed = durable();
  await turns();
  const later = durable();
  state.syncs[0]?.(new Error('the disk is gone'));
  await expect(failed).rejects.toThrow('the disk is gone');
  await turns();
  state.syncs[1]?.();
  await later;
});
