// Private answers that may still be shared: kept here, because a button carries no more than 2,000 characters.
import { LRUCache } from 'lru-cache';
import type { Answer } from '../../src/conversation/answer.js';

/** Answers kept; the oldest make room. After a restart there are none, and the person is told to ask again. */
const KEPT = 500;

export interface PrivateAnswer {
  readonly answer: Answer;
  readonly channel: string;
  readonly asker: string;
}

export class SharedAnswers {
  readonly #kept = new LRUCache<string, PrivateAnswer>({ max: KEPT });
  readonly #shared = new LRUCache<string, true>({ max: KEPT });

  keep(shareable: PrivateAnswer): void {
    this.#kept.set(shareable.answer.id, shareable);
  }

  /**
   * Claims the answer for sharing, once: whoever presses the button twice gets `already`. Only the asker in the channel
   * of the question may share it; anything else looks as if it were gone.
   */
  claim(answerId: string, channel: string, user: string): PrivateAnswer | 'already' | 'gone' {
    const kept = this.#kept.get(answerId);
    if (kept === undefined || kept.channel !== channel || kept.asker !== user) return 'gone';
    if (this.#shared.has(answerId)) return 'already';
    this.#shared.set(answerId, true);
    return kept;
  }

  /** The sharing failed; the button works again. */
  release(answerId: string): void {
    this.#shared.delete(answerId);
  }
}
