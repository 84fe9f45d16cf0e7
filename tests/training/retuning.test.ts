// When a scheduled run is due, and what is remembered of the last one.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ChipwrightError } from '../../src/errors.js';
import { type LastRun, onRecord, readLastRun } from '../../src/training/last-run.js';
import { type RetuningSchedule, whyDue } from '../../src/training/retuning.js';

const HOUR = 60 * 60 * 1_000;
const NOW = Date.UTC(2026, 2, 1);
const ago = (hours: number) => new Date(NOW - hours * HOUR).toISOString();
const done = (hours: number): LastRun => ({
  format: 1,
  started: ago(hours + 1),
  ended: { date: ago(hours), outcome: 'declined', reason: 'It is not measurably better anywhere.' },
  documents: 100,
});
const unended = (hours: number): LastRun => ({ ...done(hours), started: ago(hours), ended: null });

describe('whyDue', () => {
  it.each<[string, RetuningSchedule, LastRun | null, number, string | undefined]>([
    ['never tuned, by days', { everyDays: 7 }, null, 5, 'it was never tuned'],
    ['never tuned, too few documents', { afterDocuments: 50 }, null, 49, undefined],
    ['never tuned, enough documents', { afterDocuments: 50 }, null, 50, 'there are 50 more documents'],
    ['just before the days are over', { everyDays: 7 }, done(7 * 24 - 1), 100, undefined],
    ['when the days are over', { everyDays: 7 }, done(7 * 24), 100, '7 days have passed'],
    ['too few new documents', { afterDocuments: 20 }, done(900), 119, undefined],
    ['enough new documents', { afterDocuments: 20 }, done(1), 120, 'there are 20 more documents'],
    ['either of the two', { everyDays: 7, afterDocuments: 20 }, done(1), 130, 'there are 30 more documents'],
    ['fewer documents than before', { afterDocuments: 20 }, done(1), 10, undefined],
    ['a run that may still be at work', { everyDays: 1, afterDocuments: 1 }, unended(5), 900, undefined],
    [
      'a run that failed or was killed, six hours later',
      { everyDays: 30 },
      unended(6),
      100,
      'the last run did not come to its end',
    ],
  ])('%s', (_name, schedule, last, documents, expected) => {
    expect(whyDue(schedule, last, documents, NOW)).toBe(expected);
  });
});

describe('the record of the last run', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chipwright-last-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const tools = { documents: 12, now: () => NOW };

  it('has a beginning at once, and an end when it came to one', async () => {
    await onRecord(folder, tools, async () => {
      expect(await readLastRun(folder)).toMatchObject({ started: ago(0), ended: null, documents: 12 });
      return { outcome: 'published', reason: 'Better.' };
    });
    expect(await readLastRun(folder)).toMatchObject({
      ended: { date: ago(0), outcome: 'published', reason: 'Better.' },
    });
  });

  it('takes too little to learn from for an end, and a failure for none', async () => {
    const declined = new ChipwrightError('training_declined', 'Too few.', { cure: 'Index more.' });
    await expect(onRecord(folder, tools, () => Promise.reject(declined))).rejects.toBe(declined);
    expect((await readLastRun(folder))?.ended).toMatchObject({ outcome: 'declined', reason: 'Too few.' });
    await expect(onRecord(folder, tools, () => Promise.reject(new Error('disk')))).rejects.toThrow('disk');
    expect((await readLastRun(folder))?.ended).toBeNull();
  });

  it('is none when there is none, or nobody can read it', async () => {
    expect(await readLastRun(folder)).toBeNull();
    await writeFile(join(folder, 'last-run.json'), '{"format":1,');
    expect(await readLastRun(folder)).toBeNull();
  });
});
