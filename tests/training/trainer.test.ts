import { mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TrainingProgress, type TrainingRun, train } from '../../src/training/trainer.js';
import type { TrainingModel } from '../../src/training/training-model.js';
import { BagOfWordsModel } from './bag-of-words-model.js';
import { lessons, quick, wordTokens } from './lessons.js';

let checkpoints: string;
beforeEach(async () => {
  checkpoints = join(await mkdtemp(join(tmpdir(), 'trainer-')), 'checkpoints');
});
afterEach(() => rm(join(checkpoints, '..'), { recursive: true, force: true }));

function training(change: Partial<TrainingRun> = {}): TrainingRun {
  const model = change.model ?? new BagOfWordsModel();
  return {
    model,
    examples: lessons(),
    tokenizer: wordTokens,
    settings: quick,
    checkpoints,
    now: () => 0,
    ...change,
  };
}

const weightsOf = (model: TrainingModel) => [...model.parameters.values()].map(({ values }) => [...values]);

/** Ends after `steps` steps, as Ctrl-C would end it. */
async function interruptAfter(steps: number, change: Partial<TrainingRun> = {}): Promise<void> {
  const stop = new AbortController();
  const onProgress = ({ step }: TrainingProgress) => {
    if (step === steps) stop.abort();
  };
  const run = train(training({ ...change, signal: stop.signal, onProgress }));
  await expect(run).rejects.toMatchObject({ name: 'AbortError' });
}

describe('training', () => {
  it('makes questions find their passages', async () => {
    const { curve, steps } = await train(training({ settings: { ...quick, epochs: 40 } }));
    expect(steps).toBe(160);
    expect(curve).toHaveLength(160);
    expect(curve[0]?.accuracy).toBeLessThan(0.5);
    expect(curve.at(-1)?.loss).toBeLessThan((curve[0]?.loss ?? 0) / 4);
    expect(curve.at(-1)?.accuracy).toBeGreaterThan(0.9);
  });

  it('gives the same weights for the same seed, and others for another', async () => {
    const [first, second, third] = [new BagOfWordsModel(), new BagOfWordsModel(), new BagOfWordsModel()];
    await train(training({ model: first, checkpoints: join(checkpoints, '1') }));
    await train(training({ model: second, checkpoints: join(checkpoints, '2') }));
    await train(
      training({ model: third, settings: { ...quick, seed: 2 }, checkpoints: join(checkpoints, '3') }),
    );
    expect(weightsOf(second)).toEqual(weightsOf(first));
    expect(weightsOf(third)).not.toEqual(weightsOf(first));
  });

  it('goes on after a stop at any step, to the same weights and the same report', async () => {
    const whole = new BagOfWordsModel();
    const expected = await train(training({ model: whole }));
    for (let stop = 1; stop < expected.steps; stop++) {
      await rm(checkpoints, { recursive: true });
      await interruptAfter(stop);
      const model = new BagOfWordsModel();
      const report = await train(training({ model }));
      expect(weightsOf(model)).toEqual(weightsOf(whole));
      expect(report).toEqual({ ...expected, resumedAt: stop });
    }
  });

  it('goes on after several stops, and does nothing when all was done', async () => {
    const whole = new BagOfWordsModel();
    const { curve } = await train(training({ model: whole }));
    await rm(checkpoints, { recursive: true });
    for (const stop of [2, 5, 6]) await interruptAfter(stop);
    await train(training());
    const model = new BagOfWordsModel();
    const again = await train(training({ model }));
    expect(again).toMatchObject({ resumedAt: 12, curve });
    expect(model.passes).toEqual([]);
    expect(weightsOf(model)).toEqual(weightsOf(whole));
  });

  it('stops before the first step when it is told to early', async () => {
    const model = new BagOfWordsModel();
    await expect(train(training({ model, signal: AbortSignal.abort() }))).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect(model.passes).toEqual([]);
  });

  it('refuses a checkpoint of another run, says why, and starts anew', async () => {
    const whole = new BagOfWordsModel();
    await train(training({ model: whole }));
    await rm(checkpoints, { recursive: true });
    const others: [Partial<TrainingRun>, string][] = [
      [{ settings: { ...quick, temperature: 0.2 } }, 'settings'],
      [{ settings: { ...quick, matryoshka: [8, 4] } }, 'settings'],
      [{ examples: lessons().reverse() }, 'examples'],
      [{ model: new BagOfWordsModel(9) }, 'base model'],
      [{ model: new BagOfWordsModel(1, 70) }, 'base model'],
    ];
    for (const [other, reason] of others) {
      await interruptAfter(2, other);
      const model = new BagOfWordsModel();
      const report = await train(training({ model }));
      expect(report.refusedCheckpoint).toContain(reason);
      expect(report.resumedAt).toBe(0);
      expect(weightsOf(model)).toEqual(weightsOf(whole));
    }
  });

  it('accepts a checkpoint made with other threads and another pace of checkpoints', async () => {
    await interruptAfter(2, { settings: { ...quick, threads: 7, checkpointEvery: 1 } });
    expect(await train(training())).toMatchObject({ resumedAt: 2, refusedCheckpoint: null });
  });

  it('ignores a damaged checkpoint', async () => {
    const whole = new BagOfWordsModel();
    await train(training({ model: whole }));
    const [name = ''] = await readdir(checkpoints);
    const path = join(checkpoints, name);
    const { size } = await stat(path);
    for (const length of [0, 5, 100, size - 1, size + 4]) {
      await truncate(path, length);
      const model = new BagOfWordsModel();
      const report = await train(training({ model }));
      expect(report).toMatchObject({ resumedAt: 0, refusedCheckpoint: 'The checkpoint is damaged.' });
      expect(weightsOf(model)).toEqual(weightsOf(whole));
    }
  });

  it('keeps one checkpoint, whatever was left lying there', async () => {
    await interruptAfter(5);
    expect(await readdir(checkpoints)).toHaveLength(1);
    await train(training());
    expect(await readdir(checkpoints)).toHaveLength(1);
  });

  it('does no harm with nothing, or next to nothing, to learn from', async () => {
    for (const examples of [[], lessons(1)]) {
      const model = new BagOfWordsModel();
      const before = weightsOf(model);
      const { steps, curve } = await train(training({ model, examples }));
      expect(steps).toBe(examples.length * quick.epochs);
      expect(curve.every(({ loss }) => loss === 0)).toBe(true);
      weightsOf(model).forEach((values, at) => {
        values.forEach((value, i) => {
          expect(value).toBeCloseTo(before[at]?.[i] ?? 0, 2);
        });
      });
      await rm(checkpoints, { recursive: true, force: true });
    }
  });

  it('tells how far it is, how fast, and how long it will take', async () => {
    let time = 0;
    const seen: TrainingProgress[] = [];
    const model = new BagOfWordsModel();
    const embed = model.embed.bind(model);
    model.embed = (batch) => {
      time += 1000;
      return embed(batch);
    };
    const settings = { ...quick, epochs: 1, microBatchTokens: 1e6 };
    const report = await train(
      training({ model, settings, now: () => time, onProgress: (progress) => seen.push(progress) }),
    );
    // Of a batch 6 questions of 4 tokens, 6 passages and 6 negatives of 6.
    expect(
      seen.map(({ step, steps, tokensPerSecond, secondsLeft }) => [
        step,
        steps,
        tokensPerSecond,
        secondsLeft,
      ]),
    ).toEqual([
      [1, 4, 96, 3],
      [2, 4, 96, 2],
      [3, 4, 96, 1],
      [4, 4, 96, 0],
    ]);
    expect(report).toMatchObject({ tokens: 384, seconds: 4, spent: { embedding: 4, backward: 0 } });
  });

  it('says so when the weights it is given are no numbers', async () => {
    const model = new BagOfWordsModel();
    model.parameters.get('turn.weight')?.values.fill(Number.NaN);
    await expect(train(training({ model }))).rejects.toMatchObject({ code: 'model_corrupt' });
  });
});
