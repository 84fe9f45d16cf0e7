// A tuning run that was stopped goes on where it was; another one begins anew.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { RunFolder } from '../../src/training/run-folder.js';

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'chipwright-run-'));
});
afterEach(() => rm(parent, { recursive: true }));

describe('the folder of a run', () => {
  const path = () => join(parent, 'training', 'run');

  it('keeps what a stage made, and the name it began under', async () => {
    const first = await RunFolder.open(path(), { key: 'k', name: 'tuned-1', inUse: 'base' });
    expect(await first.keep('stage.json', z.number(), async () => 42)).toBe(42);
    const again = await RunFolder.open(path(), { key: 'k', name: 'tuned-2', inUse: 'base' });
    expect(again.name).toBe('tuned-1');
    const makes = async () => {
      throw new Error('made twice');
    };
    expect(await again.keep('stage.json', z.number(), makes)).toBe(42);
  });

  it('begins anew for another request', async () => {
    const first = await RunFolder.open(path(), { key: 'k', name: 'tuned-1', inUse: 'base' });
    await first.keep('stage.json', z.number(), async () => 42);
    const other = await RunFolder.open(path(), { key: 'other', name: 'tuned-2', inUse: 'base' });
    expect(other.name).toBe('tuned-2');
    expect(await other.keep('stage.json', z.number(), async () => 43)).toBe(43);
  });

  it('begins anew for another model in use, unless that is its own', async () => {
    const first = await RunFolder.open(path(), { key: 'k', name: 'tuned-1', inUse: 'base' });
    await first.keep('stage.json', z.number(), async () => 42);
    const own = await RunFolder.open(path(), { key: 'k', name: 'tuned-2', inUse: 'tuned-1' });
    expect(own).toMatchObject({ name: 'tuned-1', inUse: 'base' });
    const other = await RunFolder.open(path(), { key: 'k', name: 'tuned-2', inUse: 'tuned-0' });
    expect(other).toMatchObject({ name: 'tuned-2', inUse: 'tuned-0' });
  });

  it('makes anew what was cut short, and begins anew when it cannot tell whose it is', async () => {
    const run = await RunFolder.open(path(), { key: 'k', name: 'tuned-1', inUse: 'base' });
    await writeFile(run.at('stage.json'), '{"half":');
    expect(await run.keep('stage.json', z.number(), async () => 7)).toBe(7);
    await writeFile(run.at('run.json'), '');
    const again = await RunFolder.open(path(), { key: 'k', name: 'tuned-2', inUse: 'base' });
    expect(again.name).toBe('tuned-2');
    expect(await again.keep('stage.json', z.number(), async () => 8)).toBe(8);
  });

  it('leaves nothing half written when making fails', async () => {
    const run = await RunFolder.open(path(), { key: 'k', name: 'tuned-1', inUse: 'base' });
    const fails = async (): Promise<number> => {
      throw new Error('no');
    };
    await expect(run.keep('stage.json', z.number(), fails)).rejects.toThrow('no');
    await expect(readFile(run.at('stage.json'))).rejects.toThrow('ENOENT');
  });
});
