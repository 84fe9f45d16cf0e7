// A language model that fails is left alone, and used again when it is back.
import { describe, expect, it } from 'vitest';
import { ChipwrightError } from '../../src/errors.js';
import { guarded } from '../../src/language-model/guarded.js';
import type { LanguageModel, Prompt } from '../../src/language-model/language-model.js';

const PROMPT: Prompt = { instructions: '', history: [], question: 'q', passages: [] };
const { signal } = new AbortController();
const down = new ChipwrightError('language_model_unavailable', 'down', { cure: 'x', retryable: true });
const stopped = new ChipwrightError('draining', 'stopped', { cure: 'x', retryable: true });
const badKey = new ChipwrightError('language_model_unavailable', 'key', { cure: 'x', retryable: false });

function world() {
  const state = {
    time: 0,
    calls: 0,
    ended: 0,
    fails: undefined as ChipwrightError | undefined,
    gate: Promise.resolve(),
    breaker: [] as string[],
  };
  const model: LanguageModel = {
    name: 'inner',
    quotes: false,
    async *stream() {
      state.calls++;
      try {
        await state.gate;
        if (state.fails !== undefined) throw state.fails;
        yield 'one ';
        yield 'two';
        yield { finish: 'complete' };
      } finally {
        state.ended++;
      }
    },
  };
  const guard = guarded(model, { now: () => state.time, onBreaker: (to) => void state.breaker.push(to) });
  const ask = async () => {
    let text = '';
    for await (const piece of guard.stream(PROMPT, signal)) if (typeof piece === 'string') text += piece;
    return text;
  };
  const failTimes = async (times: number) => {
    for (let at = 0; at < times; at++) await expect(ask()).rejects.toMatchObject({ message: 'down' });
  };
  return { state, guard, ask, failTimes };
}

describe('a guarded language model', () => {
  it('passes everything on while it works', async () => {
    const { guard, ask, state } = world();
    expect([guard.name, guard.quotes, await ask()]).toEqual(['inner', false, 'one two']);
    expect(state.breaker).toEqual([]);
  });

  it('is not asked for a while after five failures, then by one question, and by all when that went well', async () => {
    const { state, ask, failTimes } = world();
    state.fails = down;
    await failTimes(5);
    await expect(ask()).rejects.toMatchObject({
      code: 'language_model_unavailable',
      message: expect.stringContaining('left alone'),
    });
    expect(state.calls).toBe(5);
    state.time = 15_000;
    let open = () => {};
    state.gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    state.fails = undefined;
    const trying = ask();
    await expect(ask()).rejects.toMatchObject({ message: expect.stringContaining('left alone') });
    open();
    expect(await trying).toBe('one two');
    expect(await ask()).toBe('one two');
    expect(state.breaker).toEqual(['open', 'half open', 'closed']);
  });

  it('is asked on when it refuses the key or the question was stopped: that says nothing of its server', async () => {
    const { state, ask } = world();
    for (const fails of [badKey, stopped]) {
      state.fails = fails;
      for (let at = 0; at < 10; at++) await expect(ask()).rejects.toBe(fails);
    }
    expect(state.calls).toBe(20);
  });

  it('ends what it began when the reader leaves in the middle', async () => {
    const { state, guard } = world();
    for await (const _ of guard.stream(PROMPT, signal)) break;
    expect(state.ended).toBe(1);
  });
});
