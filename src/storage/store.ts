// Where state lives: the tables, and one way to ask them, whichever engine holds them.
import type { Generated, Kysely } from 'kysely';

/** A message that was taken in. What it says is kept until it is answered; its key, for a day, so that it is not answered again. */
interface MessageTable {
  /** The order in which messages came in. */
  readonly seq: Generated<number>;
  readonly key: string;
  readonly platform: string;
  /** Messages of one thread are answered one after the other. */
  readonly thread: string;
  readonly person: string;
  /** The team or organisation in which it was said; empty for messages of versions that did not note it. */
  readonly workspace: Generated<string>;
  /** The message, encoded by whoever put it in; null once it was answered. */
  readonly body: string | null;
  /** What of a reply is in the conversation already, in the words of the platform's adapter. */
  readonly record: string | null;
  /** `refused`: beyond a limit; kept only so that it is not taken when it is delivered again. */
  readonly state: 'received' | 'claimed' | 'answered' | 'noticed' | 'refused';
  /** The process that answers it; null unless claimed. */
  readonly owner: string | null;
  /** Grows while the owner lives; written by the owner alone. */
  readonly beat: number;
  /** Grows with every claim, over all messages: whose last turn is longest ago comes next. Null until it was claimed. */
  readonly turn: number | null;
  /** Claims that ended without an ending, because the process died or the platform took nothing. */
  readonly failures: number;
  /** How many its asker was last told to be before it while it waits. */
  readonly told: Generated<number | null>;
  /** Milliseconds since the epoch. */
  readonly received_at: number;
}

/** One exchange of a thread, for follow-up questions. */
interface TurnTable {
  readonly seq: Generated<number>;
  readonly thread: string;
  /** The message it belongs to: answered anew, it is one exchange still. */
  readonly message: string;
  readonly body: string;
  readonly said_at: number;
}

/** An answer that was given, so that a rating of it means something. */
interface AnswerTable {
  /** What a rating calls it by. */
  readonly name: string;
  readonly question: string;
  /** JSON: ids of the passages it cited. */
  readonly passages: string;
  /** Milliseconds since the epoch. */
  readonly given_at: number;
}

/** What one person thinks of an answer; another rating of the same person takes its place. */
interface RatingTable {
  readonly name: string;
  readonly person: string;
  readonly verdict: 'helpful' | 'unhelpful';
  readonly rated_at: number;
}

/** A number that only grows. To raise it first in a transaction keeps out every other that does, on both engines. */
interface CounterTable {
  readonly name: 'turn';
  readonly value: number;
}

export interface Tables {
  messages: MessageTable;
  turns: TurnTable;
  answers: AnswerTable;
  ratings: RatingTable;
  counters: CounterTable;
}

export type Engine = 'sqlite' | 'postgres';

/** An open store, its tables of the newest layout. Its queries reject with the engine's errors: see `storageError`. */
export interface Store {
  readonly db: Kysely<Tables>;
  /** Resolves when all that was committed before is on the disk, so that it outlives a failure of the power. */
  durable(): Promise<void>;
  close(): Promise<void>;
}
