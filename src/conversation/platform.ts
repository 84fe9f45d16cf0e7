// The port every chat platform fills, and the inbox it hands messages to.
import type { BreakerLimits, BreakerState } from '../circuit-breaker.js';
import type { IncomingMessage, Person, PlatformName } from './message.js';
import type { Reply, ReplyRecord } from './reply.js';

/**
 * accepted: it will be answered. duplicate: it already was or is being. limited: its person or workspace asked too much, and the
 * person is told so in the thread; nothing more is to be done, as with the two before. overloaded, draining, unavailable (it could not be
 * stored): it was not taken; tell the platform to deliver it again, or the person to ask again.
 */
export type Admission = 'accepted' | 'duplicate' | 'limited' | 'overloaded' | 'draining' | 'unavailable';

export interface Inbox {
  /** Takes a message in. Resolves once it is stored, and only then may the platform be acknowledged; never rejects. */
  accept(message: IncomingMessage): Promise<Admission>;
}

/** A thumb up or down for an answer. */
export interface Rating {
  readonly platform: PlatformName;
  /** `Delivery.ratedAs` of the answer; its id where the platform gave none. */
  readonly of: string;
  readonly by: Pick<Person, 'id' | 'tenant'>;
  readonly verdict: 'helpful' | 'unhelpful';
}

/** unknown: no such answer, or one so old that it was forgotten. unavailable: it could not be stored. */
export type Rated = 'kept' | 'unknown' | 'unavailable';

export interface Ratings {
  /** Keeps a rating in place of an earlier one of the same person. Never rejects. */
  rate(rating: Rating): Promise<Rated>;
}

/** One path of the shared HTTP server. The body has been read whole, up to the server's limit. */
export interface HttpRoute {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  handle(request: HttpRequest): Promise<HttpResponse>;
}

/** `headers` as node:http gives them: lower-case names, doubled ones joined by a comma. `body` is the raw bytes. */
export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export interface PlatformHealth {
  readonly ok: boolean;
  /** For the operator: what is connected, or why it is not. No secrets. */
  readonly detail: string;
}

export interface Platform {
  readonly name: PlatformName;
  /** Paths this platform wants served; empty for those that connect by themselves. */
  readonly routes: readonly HttpRoute[];
  /** Begins to take messages and ratings in. Rejects with a ChipwrightError when the credentials are refused. */
  start(inbox: Inbox, ratings: Ratings): Promise<void>;
  /** No new messages; what is being sent is sent. Resolves early when `signal` aborts. */
  stop(signal: AbortSignal): Promise<void>;
  check(): Promise<PlatformHealth>;
  /**
   * The way back for a message of this platform, made from `message.address` and `record` alone, so it works after a restart
   * too. With a record of an earlier try it ends what that one posted; an answer that stands gives way to no notice.
   */
  replyTo(message: IncomingMessage, record: ReplyRecord): Reply;
}

/** What the composition root hands every platform: nothing global. */
export interface PlatformTools {
  readonly log: import('pino').Logger;
  readonly now: () => number;
  readonly fetch: typeof globalThis.fetch;
  /** Runs `task` in turn with the others of the same `key`, at the pace the platform allows. */
  readonly pace: Pace;
  /** Told when the platform is left alone because it fails, tried again, and back. */
  readonly onBreaker?: ((state: BreakerState) => void) | undefined;
}

/**
 * When a platform that does not answer, or fails by itself, is left alone. Others wait for the one call that tries, as what they have to
 * say is wanted all the same.
 */
export const PLATFORM_BREAKER: BreakerLimits = {
  failures: 5,
  withinMs: 60_000,
  pauseMs: 5_000,
  othersWait: true,
};

/** Rate limits per destination; made from Bottleneck in src/operations/pace.ts. */
export interface Pace {
  /** At most one task each `minGapMs` per key, and one at a time. Rejects with `draining` after the pace was stopped. */
  run<T>(key: string, minGapMs: number, task: () => Promise<T>): Promise<T>;
}
