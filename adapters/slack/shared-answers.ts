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

/** What is in the channel already, so that a press after a failure goes on from there. */
export interface SharedSoFar {
  /** The `ts` of the parts that were posted, in order. */
  readonly posted: string[];
  /** The next part was sent and no answer came back: it may be there. */
  unsure: boolean;
}

export type ClaimedAnswer = PrivateAnswer & { readonly soFar: SharedSoFar };

export class SharedAnswers {
  readonly #kept = new LRUCache<string, ClaimedAnswer>({ max: KEPT });
  readonly #shared = new LRUCache<string, true>({ max: KEPT });

  keep(shareable: PrivateAnswer): void {
    const { id } = shareable.answer;
    const soFar = this.#kept.get(id)?.soFar ?? { posted: [], unsure: false };
    this.#kept.set(id, { ...shareable, soFar });
  }

  /**
   * Claims the answer for sharing, once: whoever presses the button twice gets `already`. Only the asker in the channel
   * of the question may share it; anything else looks as if it were gone.
   */
  claim(answerId: string, channel: string, user: string): ClaimedAnswer | 'already' | 'gone' {
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
