// The way back: four verbs, bound to one message by its platform.
import type { SafeMarkdown } from '../safety/sanitise.js';
import type { Answer, Notice } from './answer.js';

export type Stage = 'searching' | 'writing';

/** How many questions have their turn first; `first`: the asker has not been told before. */
export interface PlaceInQueue {
  readonly before: number;
  readonly first: boolean;
}

/** What there is to say before an answer begins: where the question stands, then what the bot is doing. */
export type Status = PlaceInQueue | Stage;

/** The place as a line of its own, where a platform has nothing that passes to show it by. */
export function placeLine({ before }: PlaceInQueue): string {
  return before === 1
    ? 'One question is before yours; the answer follows.'
    : `${before} questions are before yours; the answer follows.`;
}

/** Where the final message went: the platform's id of its first part, and into how many parts it was split. */
export interface Delivery {
  readonly messageId: string;
  readonly parts: number;
  /** What a rating of the answer calls it by, on platforms that do not send the answer's own id back. */
  readonly ratedAs?: string;
}

/**
 * What earlier tries to reply left in the conversation, so that a message taken up again, after a crash or a restart, goes on
 * with it instead of being answered a second time.
 */
export interface ReplyRecord {
  /** Whether the message was begun before: something may be posted although nothing is saved. */
  readonly again: boolean;
  /** What was saved last; written and read by the platform's adapter alone. */
  readonly saved: string | undefined;
  /** Called as soon as the platform has named what was posted. Resolves once that is kept, or cannot be; never rejects. */
  save(posted: string): Promise<void>;
}

/**
 * Each verb may be called again with the same effect. `finish` and `fail` end the reply: whichever comes first wins, and
 * a later call returns the same delivery. They reject with a ChipwrightError (`delivery_rejected`, `delivery_rate_limited`)
 * when the platform would not take the message.
 */
export interface Reply {
  /** Shows how things stand, where the platform can. Best effort: never throws, never awaited. */
  status(status: Status): void;
  /**
   * Shows the draft so far. `draft` is the whole text written until now and only ever grows; the platform decides
   * how often to show it (or not at all). Never throws: a draft that cannot be shown is followed by `finish`.
   */
  stream(draft: SafeMarkdown): Promise<void>;
  /** The final answer with its sources takes the place of the draft. */
  finish(answer: Answer): Promise<Delivery>;
  /** A notice takes the place of the draft. */
  fail(notice: Notice): Promise<Delivery>;
}
