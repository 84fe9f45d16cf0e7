// People who ask, each in a thread of their own, for as long as the proof goes on.
import { setTimeout as delay } from 'node:timers/promises';
import { ANSWERABLE, STRAY } from '../../support/flow-documents.js';
import type { Chat } from './chat.js';
import type { Promises } from './promise.js';

/** Longest time between the acknowledgement of a question and the next one in its thread, ms. */
const THINK_MS = 6_000;

/** With so many questions open for each of them, people wait before they ask another: the pace is that of the machine. */
const PATIENCE = 2;

/** After so many questions a person begins a new thread. */
const THREAD_LENGTH = 5;

const QUESTIONS = [...Object.values(ANSWERABLE).map(({ question }) => question), STRAY];

/** `count` people ask until `over` aborts. Resolves when their last question was acknowledged. */
export async function people(
  count: number,
  chat: Chat,
  promises: Promises,
  random: () => number,
  over: AbortSignal,
): Promise<void> {
  const person = async (_: unknown, who: number) => {
    let thread: string | undefined;
    for (let asked = 0; !over.aborted; asked += 1) {
      const text = QUESTIONS[Math.floor(random() * QUESTIONS.length)] ?? STRAY;
      const question = chat.ask(text, who, asked % THREAD_LENGTH === 0 ? undefined : thread);
      thread = question.thread;
      await Promise.all(question.deliveries().map((delivery) => promises.deliver(delivery)));
      do await delay(random() * THINK_MS, undefined, { signal: over }).catch(() => {});
      while (promises.open().length > PATIENCE * count && !over.aborted);
    }
  };
  await Promise.all(Array.from({ length: count }, person));
}
