// The compiled program, interrupted at random moments of the whole path while people go on asking, and started again each time.
import { setTimeout as delay } from 'node:timers/promises';
import { serveChipwright } from '../../support/serve-chipwright.js';
import type { Chat } from './chat.js';
import { fickleModel } from './fickle-model.js';
import { people } from './people.js';
import { Promises } from './promise.js';

const PEOPLE = 5;

/** How long a process may live before it is interrupted, ms: shorter than it takes to take over from a dead one, or longer. */
const LIVES = [2_500, 14_000] as const;

export interface Interruptions {
  readonly broken: readonly string[];
  readonly interruptions: number;
  readonly questions: number;
  /** How often the program ended otherwise than it should: by the signal (SIGKILL), or with exit code 0 (SIGTERM). */
  readonly endedBadly: readonly string[];
  /** The longest that a process took to end, ms. */
  readonly slowestEnd: number;
  /** Questions with a line that says that the answer may or may not be there, and how many of them have the answer too. */
  readonly doubted: { readonly questions: number; readonly answered: number };
  /** Streams that were begun and could not be ended, as the process died before it learnt their name. */
  readonly nameless: number;
}

/** Sends `signal` to the program `count` times. Resolves when all that was accepted until then is answered. Closes the chat. */
export async function interruptions(
  chat: Chat,
  signal: 'SIGKILL' | 'SIGTERM',
  count: number,
  random: () => number,
  tell: (line: string) => void = () => {},
): Promise<Interruptions> {
  const model = await fickleModel(random);
  const promises = new Promises(() => chat.posts());
  const env = { OPENAI_MODEL: 'stand-in', OPENAI_BASE_URL: model.baseURL };
  let served = await serveChipwright({ ...chat.wanted, env });
  chat.movesTo(served.url);
  const over = new AbortController();
  const asking = people(PEOPLE, chat, promises, random, over.signal);
  const endedBadly: string[] = [];
  let slowestEnd = 0;
  try {
    for (let at = 1; at <= count; at += 1) {
      await delay(random() * (LIVES[(at - 1) % LIVES.length] ?? 0));
      const told = performance.now();
      served.service.kill(signal);
      const { code, stderr } = await served.service.ended;
      slowestEnd = Math.max(slowestEnd, Math.round(performance.now() - told));
      if (code !== (signal === 'SIGTERM' ? 0 : null)) endedBadly.push(`exit code ${code}: ${stderr}`);
      served = await served.again();
      chat.movesTo(served.url);
      tell(`${at} of ${count}: ${promises.accepted} questions accepted, ${promises.open().length} open`);
    }
    over.abort();
    await asking;
    await promises.settled();
    const questions = promises.accepted;
    const { doubted, nameless } = promises;
    return {
      broken: promises.broken(),
      interruptions: count,
      questions,
      endedBadly,
      slowestEnd,
      doubted,
      nameless,
    };
  } finally {
    over.abort();
    await served.bench.close();
    await Promise.all([chat.close(), model.close()]);
  }
}
