// The time of one question: whatever hangs, it ends with an answer or an error that becomes a notice, and in time.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Deadline } from '../../src/language-model/deadline.js';
import type { LanguageModel } from '../../src/language-model/language-model.js';
import { createOrchestrator, type OrchestratorTools } from '../../src/orchestrator/orchestrator.js';
import type { AnswerEvent } from '../../src/orchestrator/skill.js';
import { message, passage, quoter, retrieverOf, tools } from '../support/orchestrator-doubles.js';

const QUESTION_MS = 60_000;
const never = new Promise<never>(() => {});
const found = retrieverOf([passage('Hold slack is checked at the fast corner with care.')]);

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** Asks, and lets so much time pass. What became of the question within it; undefined when it hangs. */
async function outcomeIn(
  ms: number,
  over: Partial<OrchestratorTools>,
  signal = new AbortController().signal,
) {
  let outcome: { answer?: Extract<AnswerEvent, { type: 'answer' }>['answer']; error?: unknown } | undefined;
  const orchestrator = createOrchestrator(tools({ questionMs: QUESTION_MS, ...over }));
  const asking = (async () => {
    for await (const event of orchestrator.answer(message('Where is hold slack checked?'), {
      history: [],
      signal,
    })) {
      if (event.type === 'answer') outcome = { answer: event.answer };
    }
  })().catch((error: unknown) => {
    outcome = { error };
  });
  await vi.advanceTimersByTimeAsync(ms);
  if (outcome !== undefined) await asking;
  return outcome;
}

/** Writes `pieces`, one each `everyMs`, within the limits of a language model below those of the question. */
function trickling(pieces: readonly string[], everyMs: number, totalMs: number): LanguageModel {
  return {
    name: 'slow',
    quotes: false,
    async *stream(_prompt, caller) {
      const deadline = new Deadline({ firstTokenMs: 20_000, idleMs: 10_000, totalMs }, caller);
      try {
        for (const piece of pieces) {
          await deadline.race(new Promise((resolve) => setTimeout(resolve, everyMs)));
          deadline.progress();
          yield piece;
        }
      } finally {
        deadline.end();
      }
    },
  };
}

const silent = trickling(['too late'], 1_000_000, 45_000);
const STATEMENT = 'Hold slack is checked at the fast corner with care [1]. ';

describe('the time of a question', () => {
  it.each<[string, Partial<OrchestratorTools>]>([
    ['a search', { retriever: { search: () => never } }],
    ['a writer that is deaf', { retriever: found, extractive: { ...quoter, stream: () => deaf() } }],
  ])('ends %s that never comes back', async (_what, over) => {
    expect(await outcomeIn(QUESTION_MS - 1, over)).toBeUndefined();
    expect(await outcomeIn(QUESTION_MS, over)).toMatchObject({ error: { code: 'timeout' } });
  });

  it('quotes when the language model does not begin', async () => {
    const over = { retriever: found, languageModel: silent };
    expect(await outcomeIn(19_999, over)).toBeUndefined();
    const outcome = await outcomeIn(20_001, over);
    expect(outcome?.answer).toMatchObject({ model: 'extractive', citations: [{ marker: 1 }] });
    expect(outcome?.answer?.note).toContain('did not answer in time');
  });

  it('keeps what a language model had written when it stopped in the middle', async () => {
    const languageModel = trickling([STATEMENT, STATEMENT, ...Array(9).fill('')], 9_000, 45_000);
    const outcome = await outcomeIn(45_001, { retriever: found, languageModel });
    expect(outcome?.answer).toMatchObject({ grounding: 'partial', model: 'slow' });
    expect(outcome?.answer?.note).toContain('not complete');
  });

  it('keeps it also when the time of the whole question ends first', async () => {
    const languageModel = trickling(Array(100).fill(STATEMENT), 9_000, 1_000_000);
    expect(await outcomeIn(QUESTION_MS - 1, { retriever: found, languageModel })).toBeUndefined();
    const outcome = await outcomeIn(QUESTION_MS + 1, { retriever: found, languageModel });
    expect(outcome?.answer).toMatchObject({ grounding: 'partial', model: 'slow' });
  });

  it('tells a stop from a limit: the question is then answered another time', async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('stopping')), 1_000);
    const over = { retriever: { search: () => never } };
    expect(await outcomeIn(1_001, over, stop.signal)).toMatchObject({ error: { code: 'draining' } });
  });

  it('leaves no timer behind', async () => {
    await outcomeIn(0, { retriever: found });
    expect(vi.getTimerCount()).toBe(0);
  });
});

function deaf() {
  return { [Symbol.asyncIterator]: () => ({ next: () => never }) };
}
