// What the bot is doing, shown under the thread; where Slack offers no status, as a pair of eyes on the question.
import type { Stage, Status } from '../../src/conversation/reply.js';
import type { Abilities } from './abilities.js';
import type { ThreadAddress } from './address.js';
import { NOT_OFFERED } from './delivery-error.js';
import type { Sender } from './sender.js';

const WORDS: Readonly<Record<Stage, string>> = {
  searching: 'is searching the documents …',
  writing: 'is writing …',
};

export class ThreadStatus {
  readonly #address: ThreadAddress;
  readonly #sender: Sender;
  readonly #abilities: Abilities;
  #shown: 'nothing' | 'status' | 'eyes' = 'nothing';
  #cleared = false;
  /** One call after another, so that an older status never follows a newer one. */
  #queue: Promise<void> = Promise.resolve();

  constructor(address: ThreadAddress, sender: Sender, abilities: Abilities) {
    this.#address = address;
    this.#sender = sender;
    this.#abilities = abilities;
  }

  /** Best effort; never rejects. */
  show(status: Status): Promise<void> {
    this.#queue = this.#queue.then(async () => {
      if (this.#cleared) return;
      if (this.#abilities.status && (await this.#setStatus(wordsOf(status)))) this.#shown = 'status';
      // The eyes say that it is looked at, which one that waits is not.
      else if (this.#shown === 'nothing' && typeof status === 'string') await this.#look();
    });
    return this.#queue;
  }

  /** Slack takes a status away when the bot posts, but not when it edits. Best effort; never rejects. */
  clear(): Promise<void> {
    this.#cleared = true;
    this.#queue = this.#queue.then(async () => {
      if (this.#shown === 'status') await this.#setStatus('');
      if (this.#shown === 'eyes')
        await this.#sender.attempt({ method: 'reactions.remove', args: () => this.#eyes() });
      this.#shown = 'nothing';
    });
    return this.#queue;
  }

  async #setStatus(status: string): Promise<boolean> {
    const { channel, thread } = this.#address;
    const refusal = await this.#sender.attempt({
      method: 'assistant.threads.setStatus',
      args: () => ({ channel_id: channel, thread_ts: thread, status }),
    });
    if (refusal !== undefined && NOT_OFFERED.has(refusal)) this.#abilities.status = false;
    return refusal === undefined;
  }

  async #look(): Promise<void> {
    const refusal = await this.#sender.attempt({ method: 'reactions.add', args: () => this.#eyes() });
    if (refusal === undefined || refusal === 'already_reacted') this.#shown = 'eyes';
  }

  #eyes() {
    return { name: 'eyes', channel: this.#address.channel, timestamp: this.#address.ts };
  }
}

/** After the name of the bot, as Slack shows it. */
function wordsOf(status: Status): string {
  if (typeof status === 'string') return WORDS[status];
  if (status.before === 0) return 'answers your question next …';
  return `has ${status.before === 1 ? 'one question' : `${status.before} questions`} before yours …`;
}
