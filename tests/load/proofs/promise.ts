// The promise, as Slack and a reader of Slack see it: one ending for each accepted question, in the order of its thread.
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../../support/eventually.js';
import { BOT_USER, type SlackStandIn, TEAM, type Unheard } from '../../support/slack-stand-in.js';

/** Instead of Slack's waits before it delivers again, which grow up to minutes, ms. */
const SOONEST_MS = 50;
const LATEST_MS = 2_000;

/** When the first delivery of a question began, and when one was first acknowledged: in deliveries begun or ended before. */
interface Accepted {
  readonly sent: number;
  readonly taken: number;
}

/** Delivers questions until they are taken, and compares what became of them with what was promised. */
export class Promises {
  readonly #slack: SlackStandIn;
  readonly #sent = new Map<string, number>();
  readonly #accepted = new Map<string, Accepted>();
  #steps = 0;

  constructor(slack: SlackStandIn) {
    this.#slack = slack;
  }

  /** Accepted questions. */
  get accepted(): number {
    return this.#accepted.size;
  }

  /** Delivers one event about a question, and again until it is acknowledged or was tried `tries` times in vain. */
  async deliver(
    question: Unheard,
    type: 'app_mention' | 'message',
    tries = Number.POSITIVE_INFINITY,
  ): Promise<void> {
    const id = `${TEAM}:${question.channel}:${question.ts}`;
    const sent = this.#sent.get(id) ?? this.#steps++;
    this.#sent.set(id, sent);
    for (let retry = 0; !(await question.deliver(type, retry)).taken; retry += 1) {
      if (retry + 1 >= tries) return;
      await delay(Math.min(SOONEST_MS * 2 ** retry, LATEST_MS));
    }
    if (!this.#accepted.has(id)) this.#accepted.set(id, { sent, taken: this.#steps++ });
  }

  /** Accepted questions that have neither an answer nor a notice yet. */
  open(): string[] {
    const ended = new Set(this.#posts().flatMap(({ question, ends }) => (ends ? [question] : [])));
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
   * as the bot may have died before it said so, but not two.
   */
  broken(): string[] {
    const broken = this.open().map((id) => `${id} has neither an answer nor a notice`);
    const ended = new Set<string>();
    const threads = new Map<string, string[]>();
    for (const { question, thread, ends } of this.#posts()) {
      if (!ends) broken.push(`a draft about ${question} was left in ${thread}`);
      else if (ended.has(question)) broken.push(`${question} has one more ending`);
      else {
        ended.add(question);
        const before = threads.get(thread) ?? [];
        const late = before.find((other) => this.#precedes(question, other));
        if (late !== undefined) broken.push(`${question} was accepted before ${late} and answered after it`);
        threads.set(thread, [...before, question]);
      }
    }
    return broken;
  }

  /** Whether one question had been accepted before the other was delivered at all; else neither order is wrong. */
  #precedes(one: string, other: string): boolean {
    const { taken } = this.#accepted.get(one) ?? { taken: Number.POSITIVE_INFINITY };
    return taken < (this.#sent.get(other) ?? 0);
  }

  /** The bot's messages in the order in which they were posted, each with the name that the bot gave it. */
  #posts(): { question: string; thread: string; ends: boolean }[] {
    return this.#slack.messages
      .filter(({ user }) => user === BOT_USER)
      .map(({ metadata, streaming, channel, thread = '' }) => {
        const named = metadata as { event_payload?: { question_id: string; answer_id?: string } } | undefined;
        const { question_id: question = 'no question', answer_id } = named?.event_payload ?? {};
        return { question, thread: `${channel} ${thread}`, ends: answer_id !== undefined && !streaming };
      });
  }
}
