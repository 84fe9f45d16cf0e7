// Where messages come in: stored before anybody is told, each ended once, those of a thread in order, also after a crash.
import type { Logger } from 'pino';
import { ChipwrightError } from '../errors.js';
import {
  type Claim,
  type ClaimedMessage,
  type IntakeLimits,
  type Limit,
  MessageStore,
} from '../storage/message-store.js';
import { storageError } from '../storage/storage-error.js';
import type { Store } from '../storage/store.js';
import type { IncomingMessage, PlatformName } from './message.js';
import type { Admission, Inbox } from './platform.js';
import type { ReplyRecord } from './reply.js';
import { fromStored, toStored } from './stored-message.js';

export type { Limit };

/** Platforms deliver a message again for up to a day; the rest is for clocks that are set meanwhile. */
const REMEMBERED_MS = 26 * 60 * 60 * 1000;

/** An answer that comes later than this helps nobody any more: an apology takes its place, ms. */
const LATE_MS = 10 * 60 * 1000;

/** After so many tries that failed or took the process with them, a notice takes the place of the answer. */
const MOST_TRIES = 3;

/** Between two signs of life of a process that answers, and between two looks at those of the others, ms. */
const BEAT_MS = 1_000;

/**
 * So many looks in a row without a new sign of life, and the owner of a message counts as dead. Counted in looks, not read
 * off a clock, so that no clock that is set, here or on another machine, makes a message lost or answered twice.
 */
const LOOKS = 8;

/** How long to wait at least after the platform took neither answer nor notice, and at most when it names a longer time, ms. */
const RETRY_MS = 30_000;
const LONGEST_RETRY_MS = 5 * 60_000;

/** How long an answer that is ready waits at least before it is sent again to a platform that did not take it, ms. */
const REST_MS = 5_000;

/** Beats between two clearings of what is past remembering: about an hour. */
const FORGET_BEATS = 3_600;

/** Beyond `waiting` messages are refused as `overloaded`, beyond the others as `limited`. */
export interface InboxLimits extends IntakeLimits {
  /** Messages answered at the same time. */
  readonly parallel: number;
}

/** A message whose turn has come. */
export interface TakenMessage {
  readonly message: IncomingMessage;
  readonly record: ReplyRecord;
  /** Say this instead of an answer: it was asked too long ago, or answering it failed too often. */
  readonly apology?: 'late' | 'failed';
  /**
   * Waits before what is ready is sent again to a platform that did not take it: as long as the platform asks (`askedMs`), while other
   * messages have their turn. False when it should not be sent any more: it is too late, or the process is about to end.
   */
  readonly rest: (askedMs?: number) => Promise<boolean>;
}

export interface InboxParts {
  readonly store: Store;
  /** Names this process among all that ever share the store. */
  readonly owner: string;
  /** Only their messages are answered here. */
  readonly platforms: readonly PlatformName[];
  /**
   * Answers one message. When `signal` aborts it should reject soon, and the message is answered another time. Any other
   * rejection means that the platform took nothing: a retryable one is tried again.
   */
  readonly answer: (taken: TakenMessage, signal: AbortSignal) => Promise<'answered' | 'noticed'>;
  /** Tells the asker of a message that it is beyond a limit; called once a minute for a person in a thread. Must not throw. */
  readonly refuse?: (message: IncomingMessage, limit: Limit) => void;
  readonly limits: InboxLimits;
  readonly now: () => number;
  /** Resolves after `ms`, or as soon as `signal` aborts. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly log: Logger;
}

/** How a try to answer ended. */
type Outcome = 'answered' | 'noticed' | 'failed' | 'stopped';

interface StillClaim extends Claim {
  readonly looks: number;
}

export class DurableInbox implements Inbox {
  readonly #parts: InboxParts;
  readonly #messages: MessageStore;
  /** Claimed by this process, with a way to say that the claim was lost. */
  readonly #held = new Map<string, AbortController>();
  readonly #tasks = new Set<Promise<void>>();
  #answering = 0;
  /** Claims of other processes at the last look, and at how many looks in a row each stood still. */
  #stillness = new Map<string, StillClaim>();
  #watching: Promise<void> | undefined;
  #filling: Promise<void> | undefined;
  #fillAgain = false;
  #storeWorks = true;
  /** Nothing new is begun. */
  readonly #draining = new AbortController();
  /** What runs is to stop. */
  readonly #stopping = new AbortController();
  readonly #closed = new AbortController();

  constructor(parts: InboxParts) {
    this.#parts = parts;
    this.#messages = new MessageStore(parts.store);
  }

  async accept(message: IncomingMessage): Promise<Admission> {
    if (this.#draining.signal.aborted) return 'draining';
    const { limits, refuse, log } = this.#parts;
    try {
      const put = await this.#messages.put(toStored(message), limits);
      if (put === 'known') return 'duplicate';
      if (put === 'full') return 'overloaded';
      if (put === 'stored') {
        this.#fill();
        return 'accepted';
      }
      if (put.isFirst) refuse?.(message, put.limit);
      return 'limited';
    } catch (error) {
      log.error({ err: storageError(error) }, 'a message was not taken in, as it could not be stored');
      return 'unavailable';
    }
  }

  /** Begins to answer, also what an earlier process left. Call it once the platforms can reply. */
  start(): void {
    this.#watching ??= this.#watch();
    this.#fill();
  }

  /**
   * Takes nothing more in and begins nothing; what runs may finish until `signal` aborts, and then goes back into the store
   * for the next process. What waits is there already.
   */
  async drain(signal: AbortSignal): Promise<void> {
    this.#draining.abort();
    const abort = () => this.#stopping.abort(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    await this.#filling;
    while (this.#tasks.size > 0) await Promise.race(this.#tasks);
    signal.removeEventListener('abort', abort);
    this.#closed.abort();
    await this.#watching;
  }

  /** Claims what may be begun while there is room; during another such run, makes that one look once more. */
  #fill(): void {
    if (!this.#hasRoom()) return;
    this.#fillAgain = true;
    this.#filling ??= this.#claimAll();
  }

  async #claimAll(): Promise<void> {
    const { owner, platforms } = this.#parts;
    while (this.#fillAgain && this.#hasRoom()) {
      this.#fillAgain = false;
      await this.#guard(async () => {
        while (this.#hasRoom()) {
          const claimed = await this.#messages.claim(owner, platforms);
          if (claimed === undefined) return;
          this.#begin(claimed);
        }
      });
    }
    this.#filling = undefined;
  }

  #hasRoom(): boolean {
    const { parallel, waiting } = this.#parts.limits;
    const begins = this.#watching !== undefined && !this.#draining.signal.aborted;
    // What rests is kept in memory, and no more of it than may wait.
    return begins && this.#answering < parallel && this.#held.size < parallel + waiting;
  }

  #begin(claimed: ClaimedMessage): void {
    const claim = new AbortController();
    this.#held.set(claimed.key, claim);
    const task = this.#run(claimed, claim.signal).finally(() => {
      if (this.#held.get(claimed.key) === claim) this.#held.delete(claimed.key);
      this.#tasks.delete(task);
      this.#fill();
    });
    this.#tasks.add(task);
  }

  async #run(claimed: ClaimedMessage, lost: AbortSignal): Promise<void> {
    let inTurn = true;
    this.#answering += 1;
    const pass = () => {
      if (inTurn) this.#answering -= 1;
      inTurn = false;
    };
    const pause = async (ms: number) => {
      pass();
      this.#fill(); // The thread rests, and others may go on.
      await this.#parts.pause(ms, AbortSignal.any([this.#draining.signal, lost]));
    };
    const { outcome, restMs } = await this.#answer(
      claimed,
      AbortSignal.any([this.#stopping.signal, lost]),
      pause,
    ).finally(pass);
    if (outcome === 'failed') await pause(restMs);
    if (!lost.aborted) await this.#settle(claimed.key, outcome, lost);
  }

  async #answer(
    claimed: ClaimedMessage,
    signal: AbortSignal,
    pause: (ms: number) => Promise<void>,
  ): Promise<{ readonly outcome: Outcome; readonly restMs: number }> {
    const { answer, now, log } = this.#parts;
    try {
      signal.throwIfAborted();
      const message = fromStored(claimed.body);
      const isLate = () => now() - message.receivedAt.getTime() > LATE_MS;
      const apology = isLate() ? 'late' : claimed.failures >= MOST_TRIES ? 'failed' : undefined;
      const rest = async (askedMs = 0) => {
        if (!isLate()) await pause(Math.min(Math.max(askedMs, REST_MS), LONGEST_RETRY_MS));
        return !(isLate() || signal.aborted || this.#draining.signal.aborted);
      };
      const record = this.#recordOf(claimed);
      const taken: TakenMessage = { message, record, rest, ...(apology === undefined ? {} : { apology }) };
      return { outcome: await answer(taken, signal), restMs: 0 };
    } catch (error) {
      if (signal.aborted) return { outcome: 'stopped', restMs: 0 };
      const passing = error instanceof ChipwrightError && error.retryable;
      if (passing && this.#draining.signal.aborted) return { outcome: 'stopped', restMs: 0 };
      const asked = passing ? (error.retryAfterMs ?? 0) : 0;
      log.error(
        { err: error, message: claimed.key, passing },
        'a message got neither an answer nor a notice',
      );
      const restMs = Math.min(Math.max(asked, RETRY_MS), LONGEST_RETRY_MS);
      return { outcome: passing ? 'failed' : 'noticed', restMs };
    }
  }

  #recordOf({ key, again, record }: ClaimedMessage): ReplyRecord {
    return {
      again,
      saved: record ?? undefined,
      save: async (posted) => {
        await this.#guard(async () => {
          await this.#messages.record(this.#parts.owner, key, posted);
        });
      },
    };
  }

  /** Writes down how it ended, for as long as it takes: until then the message is held, and nobody else answers it. */
  async #settle(key: string, outcome: Outcome, lost: AbortSignal): Promise<void> {
    const { owner, pause, log } = this.#parts;
    const ended = outcome === 'answered' || outcome === 'noticed';
    const settled = () =>
      this.#guard(async () => {
        const own = ended
          ? await this.#messages.end(owner, key, outcome)
          : await this.#messages.handBack(owner, key, outcome === 'failed');
        if (!own) log.warn({ message: key }, 'a message was taken over by another process');
      });
    while (!(await settled()) && !this.#stopping.signal.aborted && !lost.aborted) {
      await pause(BEAT_MS, this.#stopping.signal);
    }
  }

  /** Until the inbox is closed: shows that this process lives, looks whether the others do, and takes up what is free. */
  async #watch(): Promise<void> {
    for (let beats = 0; !this.#closed.signal.aborted; beats += 1) {
      const seen = await this.#guard(async () => {
        await this.#beat();
        if (this.#draining.signal.aborted) return;
        await this.#look();
        if (beats % FORGET_BEATS === 0) await this.#forget();
      });
      if (!seen) this.#stillness.clear(); // What was not seen did not stand still.
      this.#fill();
      await this.#parts.pause(BEAT_MS, this.#closed.signal);
    }
  }

  async #beat(): Promise<void> {
    const keys = [...this.#held.keys()];
    if (keys.length === 0) return;
    const own = await this.#messages.beat(this.#parts.owner, keys);
    for (const key of keys) {
      if (!own.has(key)) this.#held.get(key)?.abort(new Error('The message was taken over.'));
    }
  }

  async #look(): Promise<void> {
    const stillness = new Map<string, StillClaim>();
    for (const claim of await this.#messages.claims()) {
      if (this.#held.has(claim.key)) continue;
      const before = this.#stillness.get(claim.key);
      const still = before?.owner === claim.owner && before.beat === claim.beat;
      const looks = still ? before.looks + 1 : 1;
      if (looks < LOOKS) stillness.set(claim.key, { ...claim, looks });
      else if (await this.#messages.takeBack(claim)) {
        this.#parts.log.warn({ message: claim.key }, 'a message is taken up from a process that died');
      }
    }
    this.#stillness = stillness;
  }

  async #forget(): Promise<void> {
    const { now, log } = this.#parts;
    const unanswered = await this.#messages.forget(now() - REMEMBERED_MS);
    if (unanswered > 0) log.error({ unanswered }, 'messages of a platform that was not served for a day');
  }

  /** Does something with the store. False when the store fails, which the log hears of once, until it works again. */
  async #guard(work: () => Promise<void>): Promise<boolean> {
    const { log } = this.#parts;
    try {
      await work();
      if (!this.#storeWorks) log.info('the store of questions works again');
      this.#storeWorks = true;
    } catch (error) {
      if (this.#storeWorks) log.error({ err: storageError(error) }, 'the store of questions fails');
      this.#storeWorks = false;
    }
    return this.#storeWorks;
  }
}
