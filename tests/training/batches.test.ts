import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  batchesPerEpoch,
  drawEpoch,
  type ExampleBatch,
  microBatches,
  notWrongPairs,
  tokensOf,
} from '../../src/training/batches.js';
import type { TrainingExample } from '../../src/training/training-example.js';

const draw = { seed: 1, batchSize: 4, hardNegatives: 1, hardNegativePool: 3 };

function example(name: string, more: Partial<TrainingExample> = {}): TrainingExample {
  return {
    question: `what is ${name}`,
    passage: { id: name, text: `${name} is a thing` },
    negatives: ['x', 'y', 'z', 'far'].map((id) => ({ id, text: `not ${id}` })),
    notWrong: [],
    origin: { kind: 'definition', documents: ['a.md'] },
    ...more,
  };
}

const examples = (count: number) => Array.from({ length: count }, (_, at) => example(`n${at}`));
const passagesOf = (batch: ExampleBatch) => batch.examples.map(({ passage }) => passage.id);

describe('the batches of an epoch', () => {
  it('hold every example once, in batches of like size', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 60 }),
        fc.integer({ min: 1, max: 9 }),
        fc.nat(),
        (count, size, seed) => {
          const given = examples(count);
          const batches = drawEpoch(given, 0, { ...draw, batchSize: size, seed });
          expect(batches).toHaveLength(batchesPerEpoch(count, size));
          expect(batches.flatMap(passagesOf).sort()).toEqual(given.map(({ passage }) => passage.id).sort());
          const sizes = batches.map((batch) => batch.examples.length);
          expect(Math.max(0, ...sizes)).toBeLessThanOrEqual(size);
          if (count > 0) expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        },
      ),
    );
  });

  it('are the same for the same seed and epoch, and others for another', () => {
    const given = examples(20);
    const order = (epoch: number, seed: number) => JSON.stringify(drawEpoch(given, epoch, { ...draw, seed }));
    expect(order(3, 5)).toBe(order(3, 5));
    expect(new Set([order(0, 1), order(1, 1), order(0, 2), order(1, 2)]).size).toBe(4);
  });

  it('keep examples of one passage apart while there are batches for them', () => {
    const twins = [0, 1, 2, 3, 4].flatMap((at) => [1, 2, 3].map(() => example(`n${at}`)));
    for (let seed = 0; seed < 50; seed++)
      for (const batch of drawEpoch(twins, 0, { ...draw, batchSize: 3, seed }))
        expect(new Set(passagesOf(batch)).size).toBe(batch.examples.length);
  });

  it('take a corpus of one passage as it is', () => {
    const same = Array.from({ length: 10 }, () => example('one'));
    expect(drawEpoch(same, 0, draw).flatMap(passagesOf)).toHaveLength(10);
  });

  it('draw hard negatives from the first ones that are wrong, none twice for one example', () => {
    const given = examples(30).map((one) => ({ ...one, notWrong: ['y'] }));
    const drawn = (count: number) =>
      drawEpoch(given, 0, { ...draw, hardNegatives: count, hardNegativePool: 2 }).map((batch) => ({
        size: batch.examples.length,
        ids: batch.negatives.map(({ id }) => id),
      }));
    expect(new Set(drawn(1).flatMap(({ ids }) => ids))).toEqual(new Set(['x', 'z']));
    for (const { size, ids } of drawn(1)) expect(ids).toHaveLength(size);
    for (const { size, ids } of drawn(5))
      expect([...ids].sort()).toEqual([...Array(size).fill('x'), ...Array(size).fill('z')]);
    expect(drawn(0).flatMap(({ ids }) => ids)).toEqual([]);
  });
});

describe('what must not count as wrong', () => {
  it("is what is listed, and the question's own passage met again", () => {
    const batch: ExampleBatch = {
      examples: [
        example('a', { notWrong: ['c', 'x'] }),
        example('b', { notWrong: ['b'] }),
        example('a'),
        example('c'),
      ],
      negatives: [
        { id: 'x', text: 'not x' },
        { id: 'b', text: 'another cut of b' },
        { id: 'copy', text: 'c is a thing' },
      ],
    };
    const rows = notWrongPairs(batch);
    const row = (question: number) => [...rows.subarray(question * 7, (question + 1) * 7)];
    expect(row(0)).toEqual([0, 0, 1, 1, 1, 0, 0]);
    expect(row(1)).toEqual([0, 0, 0, 0, 0, 1, 0]);
    expect(row(2)).toEqual([1, 0, 0, 0, 0, 0, 0]);
    expect(row(3)).toEqual([0, 0, 0, 0, 0, 0, 1]);
  });
});

describe('micro-batches', () => {
  const tokenizer = {
    question: (text: string) => [1, ...text.split(' ').map((word) => word.length)],
    passage: (text: string) => [2, ...text.split(' ').map((word) => word.length)],
  };

  it('hold every text of the batch once, of like length, within the bound', () => {
    const given = examples(9).map((one, at) => ({ ...one, question: 'word '.repeat(at * 3).trim() }));
    const batch: ExampleBatch = {
      examples: given,
      negatives: [{ id: 'x', text: 'a much longer one '.repeat(9) }],
    };
    const texts = tokensOf(batch, tokenizer);
    const parts = microBatches(texts, [...texts.keys()], 40);
    expect(parts.flatMap(({ places }) => places).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 19 }, (_, at) => at),
    );
    for (const { places, tokens } of parts) {
      const longest = Math.max(...tokens.map((ids) => ids.length));
      expect(tokens).toHaveLength(places.length);
      expect(places.length === 1 || longest * places.length <= 40).toBe(true);
      places.forEach((place, row) => {
        expect(tokens[row]?.[0]).toBe(place < 9 ? 1 : 2);
      });
    }
  });
});
