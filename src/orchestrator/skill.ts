// What a skill is: it takes a message and tells, event by event, how the answer comes about.
import type { Answer } from '../conversation/answer.js';
import type { IncomingMessage, Turn } from '../conversation/message.js';
import type { Stage } from '../conversation/reply.js';
import type { Retrieval, RetrievalMode } from '../retrieval/retriever.js';
import type { SafeMarkdown } from '../safety/sanitise.js';

/** What was searched and how long it took; for the audit log and the metrics, never for the chat. Holds no text. */
export interface Trace {
  readonly skill: string;
  /** What was searched; absent when nothing was. */
  readonly from?: Retrieval['from'];
  readonly passages: readonly {
    readonly id: string;
    readonly document: string;
    readonly version: string;
    readonly score: number;
  }[];
  readonly mode: RetrievalMode | 'none';
  /** The retriever's, 0 to 1. */
  readonly confidence: number;
  readonly audience: readonly string[];
  readonly timings: {
    readonly encodeMs: number;
    readonly searchMs: number;
    readonly modelMs: number;
    readonly totalMs: number;
    /** Until the first text of the language model; absent when none was asked, or it gave none. */
    readonly firstTokenMs?: number;
  };
  /** As the language model's server counted them. */
  readonly usage?: { readonly inputTokens: number; readonly outputTokens: number };
}

/** `draft` is the whole text so far; each begins with the one before. `answer` is the last event, exactly once. */
export type AnswerEvent =
  | { readonly type: 'status'; readonly stage: Stage }
  | { readonly type: 'draft'; readonly markdown: SafeMarkdown }
  | { readonly type: 'answer'; readonly answer: Answer; readonly trace: Trace };

export interface SkillContext {
  /** Earlier exchanges of the thread, oldest first. */
  readonly history: readonly Turn[];
  readonly signal: AbortSignal;
}

export interface Skill {
  readonly name: string;
  /** Rejects with a ChipwrightError when there can be no answer, and when the signal aborts. */
  run(message: IncomingMessage, context: SkillContext): AsyncIterable<AnswerEvent>;
}
