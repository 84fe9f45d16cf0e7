// The promise, as a platform and its readers see it: one ending for each accepted question, in the order of its thread.
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../../support/eventually.js';
import type { Delivery, Post } from './chat.js';

/** Instead of a platform's waits before it delivers again, which grow up to minutes, ms. */
const SOONEST_MS = 50;
const LATEST_MS = 2_000;

/** When the first delivery of a question began, and when one was first acknowledged: in deliveries begun or ended before. */
interface Accepted {
  readonly sent: number;
  readonly taken: number;
}

/** Delivers questions until they are taken, and compares what became of them with what was promised. */
export class Promises {
  readonly #posts: () => readonly Post[];
  readonly #sent = new Map<string, number>();
  readonly #accepted = new Map<string, Accepted>();
  #steps = 0;

  /** `posts`: the bot's messages in the order in which they were posted. */
  constructor(posts: () => readonly Post[]) {
    this.#posts = posts;
  }

  /** Accepted questions. */
  get accepted(): number {
    return this.#accepted.size;
  }

  /** Delivers a question in one way, and again until it is acknowledged or was tried `tries` times in vain. */
  async deliver({ question, send }: Delivery, tries = Number.POSITIVE_INFINITY): Promise<void> {
    const sent = this.#sent.get(question) ?? this.#steps++;
    this.#sent.set(question, sent);
    for (let retry = 0; !(await send(retry)); retry += 1) {
      if (retry + 1 >= tries) return;
      await delay(Math.min(SOONEST_MS * 2 ** retry, LATEST_MS));
    }
    if (!this.#accepted.has(question)) this.#accepted.set(question, { sent, taken: this.#steps++ });
  }

  /** Accepted questions that have neither an answer nor a notice yet. */
  open(): string[] {
    const ended = new Set(
      this.#posts().flatMap(({ question, kind }) =>
        kind === 'ending' || kind === 'doubt' ? [question] : [],
      ),
    );
    return [...this.#accepted.keys()].filter((id) => !ended.has(id));
  }

  /** Resolves when nothing is open, or when a minute went by without another ending. */
  async settled(): Promise<void> {
    for (let open = this.open().length; open > 0; open = this.open().length) {
      const fewer = eventually(() => this.open().length < open, 'another ending');
      if ((await fewer.catch(() => 'in vain')) === 'in vain') return;
    }
  }

  /**
   * What is not as promised, a line for each; none when all is well. A question that was not acknowledged may have an answer,
   * as the bot may have died before it said so, but not two. A line of doubt may stand with the answer or without it.
   */
  broken(): string[] {
    const broken = this.open().map((id) => `${id} has neither an answer nor a notice`);
    const ended = new Set<string>();
    const threads = new Map<string, string[]>();
    for (const { question, thread, kind } of this.#posts()) {
      if (kind === 'draft') broken.push(`a draft about ${question} was left in ${thread}`);
      else if (kind === 'ending' && ended.has(question)) broken.push(`${question} has one more ending`);
      else if (kind === 'ending') {
        ended.add(question);
        const before = threads.get(thread) ?? [];
        const late = before.find((other) => this.#precedes(question, other));
        if (late !== undefined) broken.push(`${question} was accepted before ${late} and answered after it`);
        threads.set(thread, [...before, question]);
      }
    }
    return broken;
  }

  /** Streams that were begun and could not be ended. */
  get nameless(): number {
    return this.#posts().filter(({ kind }) => kind === 'nameless').length;
  }

  /** Questions with a line that says that the answer may or may not be there, and how many of them have the answer too. */
  get doubted(): { readonly questions: number; readonly answered: number } {
    const of = (wanted: Post['kind']) =>
      this.#posts().flatMap(({ question, kind }) => (kind === wanted ? [question] : []));
    const doubted = new Set(of('doubt'));
    const answered = new Set(of('ending'));
    return { questions: doubted.size, answered: [...doubted].filter((id) => answered.has(id)).length };
  }

  /** Whether one question had been accepted before the other was delivered at all; else neither order is wrong. */
  #precedes(one: string, other: string): boolean {
    const { taken } = this.#accepted.get(one) ?? { taken: Number.POSITIVE_INFINITY };
    return taken < (this.#sent.get(other) ?? 0);
  }
}
