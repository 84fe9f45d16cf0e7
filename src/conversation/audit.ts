// The port for the audit log: who asked where and when, and what the answer rested on; never what was said.
import type { ThreadRef } from './message.js';
import type { Outcome } from './metrics.js';

/** One question that was ended. Ids only; what was asked and answered is in none of them. */
export interface AuditEntry {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly message: string;
  readonly platform: ThreadRef['platform'];
  readonly tenant: string;
  /** The thread's key, as the platform's adapter makes it. */
  readonly thread: string;
  /** The platform's id of the person who asked. */
  readonly person: string;
  readonly surface: 'direct' | 'group' | 'channel';
  readonly visibility: 'thread' | 'asker';
  /** Null when none answered. */
  readonly skill: string | null;
  readonly outcome: Outcome;
  /** Id of the answer, or reference of the notice; null when nothing was delivered. */
  readonly reference: string | null;
  /** Ids of the passages that were found, best first, and of those that the answer cites. */
  readonly passages: readonly string[];
  readonly cited: readonly string[];
  /** Number of the generation of the index that was searched, and id of its encoder. */
  readonly generation: number | null;
  readonly encoder: string | null;
  /** Name of the language model, or `extractive`. */
  readonly model: string | null;
}

export interface AuditTrail {
  /** Takes the entry down, in order. Never throws; a failure is logged and counted. */
  record(entry: AuditEntry): void;
}

/** For commands that answer nobody but the one who runs them, and where it is turned off. */
export const noAudit: AuditTrail = { record() {} };
