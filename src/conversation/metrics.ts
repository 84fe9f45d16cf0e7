// The port for counting: what parts tell of their work, in numbers and closed lists of words.
import type { ErrorCode } from '../errors.js';
import type { Grounding, Notice } from './answer.js';
import type { PlatformName } from './message.js';
import type { Admission } from './platform.js';

/** How a question ended: an answer by its grounding, a notice by its kind; `undelivered`: the platform took neither. */
export type Outcome = Grounding | Notice['kind'] | 'undelivered' | 'stopped';

/** `whole` is from the moment a question's turn comes to the end of its delivery. */
export type TimedStage = 'encode' | 'search' | 'first_token' | 'generate' | 'whole';

/** No method throws. Nothing of what people or documents say, and no id of anybody, may be handed in. */
export interface Metrics {
  /** A delivery of a message came to the inbox. `attempt`: 1 for the first, as the platform counts. */
  received(platform: PlatformName, admission: Admission, attempt: number): void;
  /** What waits for its turn, whenever that changes. `oldestAt`: when the oldest came, ms since 1970; undefined when nothing waits. */
  queue(waiting: number, oldestAt: number | undefined): void;
  answered(platform: PlatformName, outcome: Outcome): void;
  stage(stage: TimedStage, seconds: number): void;
  /** As the language model's server counted them. */
  tokens(input: number, output: number): void;
  delivered(platform: PlatformName, what: 'answer' | 'notice'): void;
  notDelivered(platform: PlatformName, code: ErrorCode): void;
  /** A thumb for an answer was kept. */
  rated(platform: PlatformName, verdict: 'helpful' | 'unhelpful'): void;
  breaker(of: 'qdrant' | 'language_model' | PlatformName, state: 'closed' | 'half open' | 'open'): void;
  dependency(name: string, ok: boolean): void;
  /** The index handed out passages that the audience must not see; they were dropped. */
  forbidden(passages: number): void;
  index(documents: number, passages: number, generation: number): void;
  /** A line of the audit log could not be written. */
  auditFailed(): void;
}

/** For commands that nobody watches. */
export const noMetrics: Metrics = {
  received() {},
  queue() {},
  answered() {},
  stage() {},
  tokens() {},
  delivered() {},
  notDelivered() {},
  rated() {},
  breaker() {},
  dependency() {},
  forbidden() {},
  index() {},
  auditFailed() {},
};
