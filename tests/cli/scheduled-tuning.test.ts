// A service that tunes by itself: with a clock of the test and, but for one case, a stand-in for the process that tunes.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ScheduledTuning, type ScheduledTuningParts, tuneProcess } from '../../src/cli/scheduled-tuning.js';
import { onRecord, readLastRun } from '../../src/training/last-run.js';
import { FLOW_DOCUMENTS } from '../support/flow-documents.js';
import { layTinyEncoder } from '../support/lay-encoder.js';
import { openBench } from '../support/run-chipwright.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let folder: string;
let now: number;
let logged: string;
let stop: AbortController;
let runs: number;
let parts: ScheduledTuningParts;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chipwright-scheduled-'));
  now = Date.UTC(2026, 2, 1);
  logged = '';
  stop = new AbortController();
  runs = 0;
  const lines = new PassThrough();
  lines.on('data', (piece: Buffer) => {
    logged += piece.toString();
  });
  parts = {
    schedule: { everyDays: 7 },
    folder,
    lastTuned: async () => null,
    documents: async () => 100,
    tune: async () => {
      runs++;
      await onRecord(folder, { documents: 100, now: () => now }, async () => ({
        outcome: 'declined',
        reason: 'It is not measurably better anywhere.',
      }));
      return 0;
    },
    stopping: stop.signal,
    tools: { now: () => now, log: pino({ level: 'info' }, lines) },
  };
});
afterEach(() => rm(folder, { recursive: true }));

/** Lets time pass in steps of ten minutes, with looks that are as frequent as in a service at their ends. */
async function pass(tuning: ScheduledTuning, milliseconds: number): Promise<void> {
  for (const end = now + milliseconds; now < end; ) {
    now += 10 * MINUTE;
    tuning.keep();
    tuning.keep();
    await tuning.settled();
  }
}

describe('scheduled tuning', () => {
  it('begins when it is due, and logs how it ended', async () => {
    const tuning = new ScheduledTuning(parts);
    tuning.keep();
    await tuning.settled();
    expect(runs).toBe(0);
    await pass(tuning, HOUR);
    expect(runs).toBe(1);
    expect(logged).toContain('"due":"it was never tuned"');
    expect(logged).toContain(
      '"outcome":"declined","reason":"It is not measurably better anywhere.","msg":"scheduled tuning is done"',
    );
    await pass(tuning, 7 * DAY - 2 * HOUR);
    expect(runs).toBe(1);
    await pass(tuning, 3 * HOUR);
    expect(runs).toBe(2);
  });

  it('counts from the model in use where no run was recorded yet, and not anew after a restart', async () => {
    const date = new Date(now - 6 * DAY).toISOString();
    const tuned = { ...parts, lastTuned: async () => date };
    await pass(new ScheduledTuning(tuned), 23 * HOUR);
    expect(runs).toBe(0);
    await pass(new ScheduledTuning(tuned), 2 * HOUR);
    expect(runs).toBe(1);
    await pass(new ScheduledTuning(tuned), 6 * DAY);
    expect(runs).toBe(1);
  });

  it('does not begin a second run while one is at work, in this service or in another', async () => {
    let end = () => {};
    const tune = () => {
      runs++;
      return onRecord(folder, { documents: 100, now: () => now }, async () => {
        await new Promise<void>((resolve) => {
          end = resolve;
        });
        return { outcome: 'published', reason: 'Better.' };
      }).then(() => 0);
    };
    const one = new ScheduledTuning({ ...parts, tune });
    now += 10 * MINUTE;
    one.keep();
    while ((await readLastRun(folder)) === null) await new Promise((resolve) => setImmediate(resolve));
    const other = new ScheduledTuning({ ...parts, tune });
    await pass(other, 5 * HOUR);
    one.keep();
    expect(runs).toBe(1);
    end();
    await one.settled();
    await pass(other, DAY);
    expect(runs).toBe(1);
  });

  it('tries again later, not in a loop, after a run that failed, was killed or could not even begin', async () => {
    const failing = async () => {
      runs++;
      const fails = () => Promise.reject(new Error('disk full'));
      await onRecord(folder, { documents: 100, now: () => now }, fails).catch(() => {});
      return null;
    };
    const tuning = new ScheduledTuning({ ...parts, tune: failing });
    await pass(tuning, DAY);
    expect(runs).toBe(4);
    expect(logged).toContain('did not come to its end');

    await rm(join(folder, 'last-run.json'));
    runs = 0;
    const refused = async () => {
      runs++;
      return 1;
    };
    await pass(new ScheduledTuning({ ...parts, tune: refused }), DAY);
    expect(runs).toBe(4);
    runs = 0;
    const unstartable = () => {
      runs++;
      return Promise.reject(new Error('ENOENT'));
    };
    await pass(new ScheduledTuning({ ...parts, tune: unstartable }), DAY);
    expect(runs).toBe(4);
  });

  it('is stopped with the service', async () => {
    const tune = (signal: AbortSignal) =>
      new Promise<null>((resolve) => {
        runs++;
        signal.addEventListener('abort', () => resolve(null));
      });
    const tuning = new ScheduledTuning({ ...parts, tune });
    now += 10 * MINUTE;
    tuning.keep();
    while (runs === 0) await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    await tuning.settled();
    await pass(tuning, DAY);
    expect(runs).toBe(1);
    expect(logged).not.toContain('did not come to its end');
  });
});

it('runs the program itself, which leaves a record of why it declined', async () => {
  const bench = await openBench();
  try {
    await layTinyEncoder(bench.data);
    await bench.write(Object.fromEntries(Object.entries(FLOW_DOCUMENTS).map(([k, v]) => [`docs/${k}`, v])));
    await bench.run(['ingest', 'docs']);
    const env = { PATH: '', HF_ENDPOINT: 'http://127.0.0.1:1', CHIPWRIGHT_DATA: bench.data };
    const tune = tuneProcess({ folder: bench.folder, env });
    expect(await tune(new AbortController().signal)).toBe(1);
    const last = await readLastRun(join(bench.data, 'training'));
    expect(last?.documents).toBe(Object.keys(FLOW_DOCUMENTS).length);
    expect(last?.ended).toMatchObject({ outcome: 'declined', reason: expect.stringContaining('passages') });
  } finally {
    await bench.close();
  }
}, 120_000);
