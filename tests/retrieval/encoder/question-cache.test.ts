// A question is encoded once while it is remembered; failures and passages are not remembered.
import { expect, it } from 'vitest';
import type { Encoder } from '../../../src/retrieval/encoder/encoder.js';
import { rememberQuestions } from '../../../src/retrieval/encoder/question-cache.js';

/** Encodes a text as its length, keeps a list of what it was asked, and can be told to fail. */
function countingEncoder() {
  const asked: string[][] = [];
  const state = { asked, fails: false, closed: false };
  const encoder: Encoder = {
    id: 'counting@1',
    name: 'counting',
    dimensions: 1,
    async encode(texts) {
      asked.push([...texts]);
      await new Promise((resolve) => setImmediate(resolve));
      if (state.fails) throw new Error('no power');
      return texts.map((text) => Float32Array.of(text.length));
    },
    async close() {
      state.closed = true;
    },
  };
  return { state, encoder: rememberQuestions(encoder) };
}

const values = (vectors: readonly Float32Array[]) => vectors.map(([value]) => value);

it('encodes only what it does not know, and keeps the order', async () => {
  const { state, encoder } = countingEncoder();
  expect(values(await encoder.encode(['aa', 'b', 'aa'], 'query'))).toEqual([2, 1, 2]);
  expect(values(await encoder.encode(['ccc', 'b', ''], 'query'))).toEqual([3, 1, 0]);
  expect(await encoder.encode([], 'query')).toEqual([]);
  expect(state.asked).toEqual([
    ['aa', 'b'],
    ['ccc', ''],
  ]);
});

it('encodes a question once that is asked many times at the same moment', async () => {
  const { state, encoder } = countingEncoder();
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, at) => encoder.encode(['same', `own ${at}`], 'query')),
  );
  expect(values(answers[19] ?? [])).toEqual([4, 6]);
  expect(state.asked.flat().filter((text) => text === 'same')).toHaveLength(1);
});

it('tries again after a failure', async () => {
  const { state, encoder } = countingEncoder();
  state.fails = true;
  const both = Promise.allSettled([encoder.encode(['a', 'b'], 'query'), encoder.encode(['b'], 'query')]);
  expect((await both).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  state.fails = false;
  expect(values(await encoder.encode(['b'], 'query'))).toEqual([1]);
});

it('never takes a passage for a question', async () => {
  const { state, encoder } = countingEncoder();
  await encoder.encode(['text'], 'passage');
  await encoder.encode(['text'], 'query');
  await encoder.encode(['text'], 'passage');
  expect(state.asked).toHaveLength(3);
});

it('forgets the oldest, also in a request that is larger than what it can remember', async () => {
  const { state, encoder } = countingEncoder();
  await encoder.encode(['first'], 'query');
  const many = Array.from({ length: 1_500 }, (_, at) => 'x'.repeat(at));
  expect(values(await encoder.encode(['first', ...many], 'query'))).toEqual([5, ...many.keys()]);
  expect(state.asked[1]).toHaveLength(1_500);
  await encoder.encode(['first'], 'query');
  expect(state.asked).toHaveLength(3);
});

it('is the encoder it stands for', async () => {
  const { state, encoder } = countingEncoder();
  expect(encoder).toMatchObject({ id: 'counting@1', name: 'counting', dimensions: 1 });
  await encoder.close();
  expect(state.closed).toBe(true);
});
