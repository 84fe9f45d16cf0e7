// One holder at a time, and none that is dead.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lockFile } from '../../src/storage/file-lock.js';
import { eventually } from '../support/eventually.js';

let file: string;
beforeEach(async () => {
  file = join(await mkdtemp(join(tmpdir(), 'chipwright-lock-')), 'run.lock');
});
afterEach(() => rm(join(file, '..'), { recursive: true }));

it('is held once, and can be taken again after it was released', () => {
  const lock = lockFile(file);
  expect(lock).toBeDefined();
  expect(lockFile(file)).toBeUndefined();
  lock?.release();
  const next = lockFile(file);
  expect(next).toBeDefined();
  next?.release();
});

it('is held against another process, until that one is killed', async () => {
  const module = resolve(import.meta.dirname, '../../dist/src/storage/file-lock.js');
  const holder = spawn(process.execPath, [
    '--input-type=module',
    '-e',
    `import { lockFile } from ${JSON.stringify(module)};
     globalThis.lock = lockFile(${JSON.stringify(file)});
     process.stdout.write('held');
     setInterval(() => {}, 1000);`,
  ]);
  const gone = new Promise((resolve) => holder.once('exit', resolve));
  let said = '';
  holder.stdout.on('data', (text) => {
    said += text;
  });
  await eventually(() => said === 'held', 'the holder');
  expect(lockFile(file)).toBeUndefined();
  holder.kill('SIGKILL');
  await gone;
  const lock = lockFile(file);
  expect(lock).toBeDefined();
  lock?.release();
});
