// The audit log: one chain over files, restarts and crashes; whatever was changed in it is found.
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../src/conversation/audit.js';
import { AuditLog, verifyAudit } from '../../src/operations/audit-log.js';
import { recordedMetrics } from '../support/recorded-metrics.js';

let home: string;
let folder: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'chipwright-audit-'));
  folder = join(home, 'audit');
});
afterEach(() => rm(home, { recursive: true, force: true }));

const entry = (nth: number, over: Partial<AuditEntry> = {}): AuditEntry => ({
  at: '2026-03-01T10:00:00.000Z',
  message: `m${nth}`,
  platform: 'slack',
  tenant: 'T1',
  thread: 'C1:1.2',
  person: 'U1',
  surface: 'channel',
  visibility: 'thread',
  skill: 'question',
  outcome: 'grounded',
  reference: `a${nth}`,
  passages: ['flow:timing.md#1', 'flow:größe\n.md#2'],
  cited: ['flow:timing.md#1'],
  generation: 1,
  encoder: null,
  model: 'extractive',
  ...over,
});

function openLog(over: { largestFile?: number; folder?: string } = {}) {
  const { metrics, told } = recordedMetrics();
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  return { audit: new AuditLog({ folder, log, metrics, ...over }), told, lines };
}

async function record(entries: readonly AuditEntry[], largestFile?: number): Promise<void> {
  const { audit, told } = openLog(largestFile === undefined ? {} : { largestFile });
  for (const each of entries) audit.record(each);
  await audit.close();
  expect(told).toEqual([]);
}

const numbers = (count: number) => Array.from({ length: count }, (_, nth) => nth + 1);
const file = (name: string) => join(folder, name);
const FIRST = '2026-03-01-0001.jsonl';

describe('the audit log', () => {
  it('holds what was recorded, a JSON line each, in order', async () => {
    expect(await verifyAudit(folder)).toBeUndefined();
    await record(numbers(3).map((nth) => entry(nth)));
    const lines = (await readFile(file(FIRST), 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(
      numbers(3).map((nth) => ({
        ...entry(nth),
        previous: expect.stringMatching(/^[0-9a-f]{64}$/),
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      })),
    );
    expect(await verifyAudit(folder)).toMatchObject({ lines: 3, files: 1, torn: 0, fromTheBeginning: true });
  });

  it('is one chain over days, full files, restarts, and a clock that is set back', async () => {
    await record(
      numbers(5).map((nth) => entry(nth)),
      1_500,
    );
    await record([entry(6, { at: '2026-03-02T00:00:00.000Z' }), entry(7)]);
    await record([entry(8, { at: '2026-02-01T00:00:00.000Z' })]);
    const names = (await readdir(folder)).sort();
    expect(names.length).toBeGreaterThan(2);
    expect(names.at(-1)).toBe('2026-03-02-0001.jsonl');
    const report = await verifyAudit(folder);
    expect(report).toMatchObject({ lines: 8, files: names.length, fromTheBeginning: true });
    expect(report).not.toHaveProperty('broken');
  });

  it('goes on after a crash at any byte of its last line', async () => {
    await record(numbers(2).map((nth) => entry(nth)));
    const whole = await readFile(file(FIRST));
    const second = whole.indexOf('\n') + 1;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: whole.length }), async (length) => {
        await writeFile(file(FIRST), whole);
        await truncate(file(FIRST), length);
        // A line that lacks nothing but its end counts as written.
        const ends = [0, second - 1, second, whole.length - 1, whole.length];
        const isCut = !ends.includes(length);
        const left = await verifyAudit(folder);
        expect(left).toMatchObject({ torn: isCut ? 1 : 0 });
        expect(left).not.toHaveProperty('broken');
        await record([entry(3)]);
        await record([entry(4)]);
        const after = await verifyAudit(folder);
        expect(after).toMatchObject({ lines: (left?.lines ?? 0) + 2, torn: isCut ? 1 : 0 });
        expect(after).not.toHaveProperty('broken');
      }),
      { numRuns: 60 },
    );
  });

  it('goes on after two crashes in a row, the second one at the first line of another day', async () => {
    await record([entry(1), entry(2)]);
    await truncate(file(FIRST), (await readFile(file(FIRST))).length - 20);
    await writeFile(file('2026-03-02-0001.jsonl'), '{"previous":"0');
    await record([entry(3, { at: '2026-03-03T00:00:00.000Z' })]);
    expect(await verifyAudit(folder)).toEqual({
      lines: 2,
      torn: 2,
      files: 3,
      fromTheBeginning: true,
      last: expect.any(String),
    });
  });

  it('names the line in which a byte was changed, whichever', async () => {
    await record(numbers(4).map((nth) => entry(nth)));
    const whole = await readFile(file(FIRST));
    await fc.assert(
      fc.asyncProperty(
        // The very last end of line is left out: without it the line counts as cut off.
        fc.integer({ min: 0, max: whole.length - 2 }),
        fc.integer({ min: 1, max: 255 }),
        async (at, mask) => {
          const changed = Buffer.from(whole);
          changed[at] = (changed[at] ?? 0) ^ mask;
          await writeFile(file(FIRST), changed);
          const line = whole.subarray(0, at).toString('latin1').split('\n').length;
          expect(await verifyAudit(folder)).toMatchObject({ broken: { file: FIRST, line } });
        },
      ),
      { numRuns: 300 },
    );
  });

  it('finds lines and files that were taken out, put in or exchanged', async () => {
    await record(
      numbers(6).map((nth) => entry(nth)),
      1_000,
    );
    const names = (await readdir(folder)).sort();
    const [first = '', second = '', third = ''] = names;
    const lines = (await readFile(file(first), 'utf8')).trimEnd().split('\n');
    const [one = '', two = ''] = lines;
    const written = await readFile(file(first));
    for (const forged of [[two, one], [one, one, two], [two]]) {
      await writeFile(file(first), `${forged.join('\n')}\n`);
      const report = await verifyAudit(folder);
      // Without its beginning the chain is whole, and says that it is not all.
      if (forged.length === 1) expect(report).toMatchObject({ fromTheBeginning: false });
      else expect(report).toHaveProperty('broken');
    }
    await writeFile(file(first), `${one}\n`);
    expect(await verifyAudit(folder)).toMatchObject({ broken: { file: first, line: 1 } });
    await writeFile(file(first), written);
    const middle = await readFile(file(second));
    await rm(file(second));
    expect(await verifyAudit(folder)).toMatchObject({
      broken: { file: first, line: lines.length, why: expect.stringContaining(`line 1 of ${third}`) },
    });
    await writeFile(file(second), middle);
    await rm(file(first));
    const rest = await verifyAudit(folder);
    expect(rest).toMatchObject({ fromTheBeginning: false });
    expect(rest).not.toHaveProperty('broken');
  });

  it('takes turns with another process that writes the same log', async () => {
    const [here, there] = [openLog(), openLog()];
    for (const nth of numbers(6)) {
      const { audit } = nth % 2 === 0 ? here : there;
      audit.record(entry(nth));
      await audit.close();
    }
    const report = await verifyAudit(folder);
    expect(report).toMatchObject({ lines: 6 });
    expect(report).not.toHaveProperty('broken');
  });

  it('counts and logs what it could not write, without the entry, and goes on', async () => {
    await writeFile(folder, 'a file where the folder should be');
    const { audit, told, lines } = openLog();
    audit.record(entry(1));
    await audit.close();
    expect(told).toEqual([['auditFailed']]);
    expect(lines.join()).toContain('could not be written');
    expect(lines.join()).not.toContain('C1:1.2');
    await rm(folder);
    audit.record(entry(2));
    await audit.close();
    expect(await verifyAudit(folder)).toMatchObject({ lines: 1 });
  });
});
