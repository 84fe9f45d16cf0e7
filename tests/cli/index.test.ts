// `chipwright index`, run as people run it: generations listed, changed, checked, copied between the engines, saved and brought back.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FLOW_DOCUMENTS } from '../support/flow-documents.js';
import { layTinyEncoder } from '../support/lay-encoder.js';
import { findQdrant } from '../support/qdrant-stand-in.js';
import { type Bench, openBench } from '../support/run-chipwright.js';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

// A server that is in use has an index of its own, which these tests would change.
const qdrant = process.env.QDRANT_URL === undefined ? await findQdrant() : undefined;
afterAll(() => qdrant?.stop());

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
  await layTinyEncoder(bench.data);
  await bench.write(
    Object.fromEntries(Object.entries(FLOW_DOCUMENTS).map(([path, text]) => [`docs/${path}`, text])),
  );
});
afterEach(() => bench.close());

const done = async (args: string[], env: Record<string, string> = {}) => {
  const { code, stdout, stderr } = await bench.run(args, { env });
  expect(stderr).not.toContain('chipwright:');
  expect(code).toBe(0);
  return stdout;
};
const list = async (env?: Record<string, string>) =>
  JSON.parse(await done(['index', 'list', '--json'], env)).generations.map(
    ({ number, live, documents }: { number: number; live: boolean; documents: number }) =>
      `${number}${live ? '*' : ''}: ${documents}`,
  );
const verified = async (env?: Record<string, string>) =>
  JSON.parse(await done(['index', 'verify', '--json'], env));

describe('chipwright index', () => {
  it('lists what answers, goes back and forth, and keeps two beside it', async () => {
    expect(await list()).toEqual(['1*: 0']);
    expect(await done(['index', 'list'])).toBe('* 1: empty\n');
    await done(['ingest', 'docs']);
    await rm(join(bench.folder, 'docs', 'power.txt'));
    await done(['ingest', 'docs', '--rebuild']);
    expect(await list()).toEqual(['2*: 4', '1: 5']);
    expect(await done(['index', 'rollback'])).toMatch(
      /^Generation 1 answers from now on: 5 documents.*\nBefore, it was generation 2: 4 documents/,
    );
    expect(await done(['search', 'toggle rate', '--json'])).toContain('power.txt');
    expect((await bench.run(['index', 'rollback'])).code).toBe(2);
    expect(await done(['index', 'publish', '2'])).toMatch(/^Generation 2 answers from now on: 4 documents/);
    expect(await done(['index', 'publish', '2'])).toMatch(/^Generation 2 answers already/);
    for (let at = 0; at < 3; at++) await done(['ingest', 'docs', '--rebuild']);
    expect(await list()).toEqual(['5*: 4', '4: 4', '3: 4']);
    expect(await done(['index', 'gc'])).toBe('Nothing to remove.\n');
  });

  it('does not publish what a service could not open', async () => {
    await done(['ingest', 'docs']);
    await done(['ingest', 'docs', '--rebuild']);
    await rm(join(bench.data, 'models'), { recursive: true });
    const refused = await bench.run(['index', 'rollback']);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/Generation 1 was built with the model \S+, which cannot be used here/);
    expect(await list()).toEqual(['2*: 5', '1: 5']);
    for (const wrong of ['7', 'x', '0']) expect((await bench.run(['index', 'publish', wrong])).code).toBe(2);
  });

  it('saves an index, and brings it back as a new generation', async () => {
    await done(['ingest', 'docs']);
    const before = await verified();
    await done(['index', 'backup', 'saved/here']);
    await rm(join(bench.folder, 'docs', 'power.txt'));
    await done(['ingest', 'docs']);
    expect(await done(['index', 'restore', 'saved/here'])).toMatch(/^Generation 2 answers from now on/);
    expect(await verified()).toEqual({ ...before, number: 2 });
    expect((await bench.run(['index', 'restore', 'docs'])).code).toBe(2);
    expect(await list()).toEqual(['2*: 5', '1: 4']);
  });

  it('needs to know where the server is to copy to it', async () => {
    const copy = (from: string, to: string) => bench.run(['index', 'copy', '--from', from, '--to', to]);
    expect((await copy('sqlite', 'qdrant')).stderr).toContain('QDRANT_URL does not say');
    expect((await copy('sqlite', 'sqlite')).code).toBe(2);
    expect((await copy('sqlite', 'postgres')).code).toBe(2);
  });

  it.skipIf(qdrant === undefined)(
    'copies from one engine to the other and back, without encoding',
    async () => {
      const env = { QDRANT_URL: qdrant?.url ?? '' };
      await done(['ingest', 'docs']);
      const embedded = await verified();
      // Nothing is encoded: there is no model any more.
      await rm(join(bench.data, 'models'), { recursive: true });
      await done(['index', 'copy', '--from', 'sqlite', '--to', 'qdrant'], env);
      const server = await verified(env);
      expect(server).toMatchObject({ documents: 5, problems: [], contentHash: embedded.contentHash });
      await done(['index', 'copy', '--from', 'sqlite', '--to', 'qdrant'], env);
      expect(await verified(env)).toEqual(server);
      await layTinyEncoder(bench.data);
      const found = (own: Record<string, string>) =>
        done(['search', 'skew target', '-k', '1', '--json'], own);
      expect(JSON.parse(await found(env)).passages[0].id).toBe(JSON.parse(await found({})).passages[0].id);
      await rm(join(bench.folder, 'docs', 'power.txt'));
      await done(['ingest', 'docs', '--rebuild'], env);
      await done(['index', 'backup', 'saved'], env);
      expect(await done(['index', 'restore', 'saved'], env)).toContain('answers from now on: 4 documents');
      await done(['index', 'copy', '--from', 'qdrant', '--to', 'sqlite'], env);
      expect((await verified()).contentHash).toBe((await verified(env)).contentHash);
    },
  );
});
