import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/evaluation/bootstrap.js';
import type { BertWeights } from '../../src/retrieval/encoder/bert-weights.js';
import { writeModelFolder } from '../../src/retrieval/encoder/model-folder.js';
import { writeSafetensors } from '../../src/retrieval/encoder/safetensors.js';
import { type FineTuning, fineTune } from '../../src/training/fine-tune.js';
import type { TrainingProgress } from '../../src/training/trainer.js';
import { tinyContent } from '../retrieval/encoder/tiny-model.js';
import { tinyLessons, tinySettings } from './tiny-lessons.js';

let home: string;
let folder: string;
let number = 0;
/** A run that nothing disturbed. */
let whole: Awaited<ReturnType<typeof fineTune>>;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'fine-tune-'));
  folder = join(home, 'tiny');
  await writeModelFolder(folder, tinyContent());
  whole = await fineTune(tuning());
});
afterAll(() => rm(home, { recursive: true, force: true }));

function tuning(change: Partial<FineTuning> = {}): FineTuning {
  const checkpoints = join(home, `checkpoints-${number++}`);
  return { folder, examples: tinyLessons, settings: tinySettings, checkpoints, now: () => 0, ...change };
}

const digestOf = (weights: BertWeights) =>
  createHash('sha256').update(writeSafetensors(weights)).digest('hex');

/** Tunes in a process of its own and kills it soon after `lastStep`, as nothing else can: without a word. Its last line, or null. */
async function tuneAndKill(checkpoints: string, lastStep: number, delayMs: number): Promise<string | null> {
  const script = join(import.meta.dirname, 'tune-tiny.ts');
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', script, folder, checkpoints], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const over = new Promise((resolve) => child.once('exit', resolve));
  let last: string | null = null;
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    if (line.startsWith('done')) last = line;
    else if (Number(line.split(' ')[1]) >= lastStep) {
      await delay(delayMs);
      child.kill('SIGKILL');
    }
  }
  await over;
  return last;
}

describe('fine-tuning', () => {
  it('makes the questions find their passages, and hands back every weight', async () => {
    const { weights, report } = await fineTune(tuning({ settings: { ...tinySettings, epochs: 12 } }));
    const { curve } = report;
    const mean = (steps: typeof curve) => steps.reduce((sum, { loss }) => sum + loss, 0) / steps.length;
    expect(mean(curve.slice(-4))).toBeLessThan(mean(curve.slice(0, 4)) / 2);
    const base = tinyContent().weights;
    expect([...weights.keys()]).toEqual([...base.keys()]);
    const changed = [...weights].filter(([name, { values }]) =>
      values.some((v, at) => v !== base.get(name)?.values[at]),
    );
    // The key's bias cannot change anything: softmax forgets what is the same for all.
    expect(changed.length).toBeGreaterThanOrEqual(weights.size - tinyContent().config.num_hidden_layers);
  });

  it('gives bitwise the same weights for the same seed', async () => {
    const again = await fineTune(tuning());
    const other = await fineTune(tuning({ settings: { ...tinySettings, seed: 2 } }));
    expect(digestOf(again.weights)).toBe(digestOf(whole.weights));
    expect(digestOf(other.weights)).not.toBe(digestOf(whole.weights));
  });

  it('gives them also after stops at any step', async () => {
    const random = seededRandom(3);
    const interrupted = tuning();
    for (let step = 0; ; ) {
      step += 1 + Math.floor(random() * 5);
      if (step >= whole.report.steps) break;
      const stop = new AbortController();
      const onProgress = (progress: TrainingProgress) => {
        if (progress.step === step) stop.abort();
      };
      await expect(fineTune({ ...interrupted, signal: stop.signal, onProgress })).rejects.toThrow();
    }
    const { weights, report } = await fineTune(interrupted);
    expect(report.resumedAt).toBeGreaterThan(0);
    expect(report.curve).toEqual(whole.report.curve);
    expect(digestOf(weights)).toBe(digestOf(whole.weights));
  });

  it('gives them also when the process is killed again and again', { timeout: 120_000 }, async () => {
    const { checkpoints } = tuning();
    const random = seededRandom(5);
    let last: string | null = null;
    for (let kills = 0; last === null; kills++) {
      // A step and the writing of its checkpoint take a few milliseconds: the kill meets either.
      const lastStep = kills < 3 ? 4 * kills + 1 + Math.floor(random() * 3) : Infinity;
      last = await tuneAndKill(checkpoints, lastStep, random() * 20);
    }
    const [, resumedAt, digest] = last.split(' ');
    expect(Number(resumedAt)).toBeGreaterThan(0);
    expect(digest).toBe(digestOf(whole.weights));
    expect(await readdir(checkpoints)).toHaveLength(1);
  });

  it('puts the prefix of the model before questions', async () => {
    const other = join(home, 'other');
    const content = tinyContent();
    await writeModelFolder(other, { ...content, traits: { ...content.traits, queryPrefix: 'route ' } });
    const { report } = await fineTune(tuning({ folder: other }));
    expect(report.curve[0]).not.toEqual(whole.report.curve[0]);
  });

  it('says what is wrong with the base model', async () => {
    const broken = join(home, 'broken');
    await cp(folder, broken, { recursive: true });
    await writeFile(join(broken, 'model.safetensors'), 'half');
    await expect(fineTune(tuning({ folder: broken }))).rejects.toMatchObject({ code: 'model_corrupt' });
    const none = join(home, 'none');
    await expect(fineTune(tuning({ folder: none }))).rejects.toMatchObject({ code: 'model_missing' });
  });

  it('takes hostile texts and a question as long as a book', async () => {
    const texts = ['', '\0\u202e\ud800', 'clock '.repeat(50_000), 'x'.repeat(100_000)];
    const examples = texts.flatMap((text, at) => {
      const passage = { id: `p${at}`, text };
      const origin = { kind: 'faq' as const, documents: [] };
      return [{ question: text, passage, negatives: [passage], notWrong: [], origin }];
    });
    const { report } = await fineTune(tuning({ examples }));
    expect(report.curve.every(({ loss }) => Number.isFinite(loss))).toBe(true);
  });
});
