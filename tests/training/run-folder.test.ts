// A tuning run that was stopped goes on where it was; another one begins anew; two do not run at once.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { claimRun } from '../../src/training/run-claim.js';
import { RunFolder } from '../../src/training/run-folder.js';

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'chipwright-run-'));
});
afterEach(() => rm(parent, { recursive: true }));

describe('the folder of a run', () => {
  const path = () => join(parent, 'training', 'run');

  it('keeps what a stage made, and the name it began under', async () => {
    const first = await RunFolder.open(path(), { key: 'k', name: 'tuned-1' });
    expect(await first.keep('stage.json', z.number(), async () => 42)).toBe(42);
    const again = await RunFolder.open(path(), { key: 'k', name: 'tuned-2' });
    expect(again.name).toBe('tuned-1');
    const makes = async () => {
      throw new Error('made twice');
    };
    expect(await again.keep('stage.json', z.number(), makes)).toBe(42);
  });

  it('begins anew for another request', async () => {
    const first = await RunFolder.open(path(), { key: 'k', name: 'tuned-1' });
    await first.keep('stage.json', z.number(), async () => 42);
    const other = await RunFolder.open(path(), { key: 'other', name: 'tuned-2' });
    expect(other.name).toBe('tuned-2');
    expect(await other.keep('stage.json', z.number(), async () => 43)).toBe(43);
  });

  it('makes anew what was cut short, and begins anew when it cannot tell whose it is', async () => {
    const run = await RunFolder.open(path(), { key: 'k', name: 'tuned-1' });
    await writeFile(run.at('stage.json'), '{"half":');
    expect(await run.keep('stage.json', z.number(), async () => 7)).toBe(7);
    await writeFile(run.at('run.json'), '');
    const again = await RunFolder.open(path(), { key: 'k', name: 'tuned-2' });
    expect(again.name).toBe('tuned-2');
    expect(await again.keep('stage.json', z.number(), async () => 8)).toBe(8);
  });

  it('leaves nothing half written when making fails', async () => {
    const run = await RunFolder.open(path(), { key: 'k', name: 'tuned-1' });
    const fails = async (): Promise<number> => {
      throw new Error('no');
    };
    await expect(run.keep('stage.json', z.number(), fails)).rejects.toThrow('no');
    await expect(readFile(run.at('stage.json'))).rejects.toThrow('ENOENT');
  });
});

describe('the claim of a run', () => {
  it('is given back, and refused while a living process holds it', async () => {
    const file = join(parent, 'running');
    const claim = await claimRun(file);
    await claim.release();
    const holder = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await writeFile(file, String(holder.pid));
    await expect(claimRun(file)).rejects.toMatchObject({ code: 'overloaded' });
    const gone = new Promise((resolve) => holder.once('exit', resolve));
    holder.kill('SIGKILL');
    await gone;
    await (await claimRun(file)).release();
  });

  it('is taken over from what is no process number', async () => {
    const file = join(parent, 'running');
    await writeFile(file, 'half a num');
    await (await claimRun(file)).release();
  });
});
