// Every call to Slack's Web API goes out here: paced per channel, tried again with care, and never sent twice by mistake.

import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { WebClient } from '@slack/web-api';
import type { Logger } from 'pino';
import { CircuitBreaker } from '../../src/circuit-breaker.js';
import { type Pace, PLATFORM_BREAKER, type PlatformTools } from '../../src/conversation/platform.js';
import { ChipwrightError } from '../../src/errors.js';
import type { SlackMethod } from './app-surface.js';
import { isPassing, rateLimitMs, slackCode } from './delivery-error.js';

/** Waits between tries after Slack gave no answer or failed by itself. */
const RETRY_WAITS_MS = [300, 1_500] as const;

/** A call waits at most this long altogether for a rate limit to pass; a longer wait is handed to the caller. */
const LONGEST_RATE_WAIT_MS = 60_000;

/** Slack takes about one post a second in a channel, and one edit a second of drafts is enough for a reader. */
const GAP_MS = 1_000;

/** A line of calls that wait for each other, and for no others. */
export function postsTo(channel: string): string {
  return `slack:post:${channel}`;
}

/** Edits and streaming of one channel: apart from posts, so that a draft never delays an answer to someone else. */
export function editsIn(channel: string): string {
  return `slack:edit:${channel}`;
}

export interface Call<T> {
  readonly method: SlackMethod;
  /** Made when the call's turn comes, so that it says the newest; nothing when it is no longer wanted. */
  readonly args: () => Record<string, unknown> | undefined;
  /** From `postsTo` or `editsIn`; without one the call goes out at once. */
  readonly line?: string;
  /** Asked before trying again when the first try may have worked: what it would have returned, if it did. */
  readonly landed?: () => Promise<T | undefined>;
  /** Ends a wait, for a rate limit or before another try; the call then fails. */
  readonly signal?: AbortSignal | undefined;
}

export class Sender {
  readonly #client: WebClient;
  readonly #pace: Pace;
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #breaker: CircuitBreaker;
  readonly #halt = new AbortController();
  /**
   * Until when Slack wants no more calls of a method in this workspace. Drafts and what is best effort keep to it; answers ask Slack
   * themselves. Posts are not in it: their limit is that of one channel.
   */
  readonly #limitedUntil = new Map<SlackMethod, number>();

  constructor(client: WebClient, tools: Pick<PlatformTools, 'pace' | 'now' | 'log' | 'onBreaker'>) {
    this.#client = client;
    this.#pace = tools.pace;
    this.#now = tools.now;
    this.#log = tools.log;
    this.#breaker = new CircuitBreaker(PLATFORM_BREAKER, {
      now: tools.now,
      onChange: tools.onBreaker,
      isFailure: isPassing,
    });
    // As many calls wait as there are busy channels; node takes more than ten for a leak and says so.
    setMaxListeners(0, this.#halt.signal);
  }

  /** Ends every wait for a rate limit; calls in flight finish. */
  halt(): void {
    this.#halt.abort();
  }

  /**
   * The method's answer, or nothing when the call was no longer wanted. Rejects with the SDK's errors, and at once with a ChipwrightError
   * while Slack is left alone because calls failed several times in a row.
   */
  async call<T>(call: Call<T>): Promise<T | undefined> {
    const task = async () => {
      const restMs = this.#restOf(call.method);
      if (call.signal !== undefined && restMs > 0 && !(await this.#sleep(restMs, call.signal)))
        return undefined;
      const args = call.args();
      return args === undefined ? undefined : this.#persist(call, args);
    };
    return call.line === undefined ? task() : this.#pace.run(call.line, GAP_MS, task);
  }

  /** A call whose failure nobody needs to hear of. Nothing when it worked, else Slack's code or `failed`. */
  async attempt(call: Call<unknown>): Promise<string | undefined> {
    if (this.#restOf(call.method) > 0) return 'ratelimited';
    try {
      await this.call(call);
      return undefined;
    } catch (error) {
      const refusal = slackCode(error) ?? 'failed';
      this.#log.info({ method: call.method, refusal }, 'Slack did not take a best-effort call');
      return refusal;
    }
  }

  async #persist<T>(call: Call<T>, args: Record<string, unknown>): Promise<T> {
    let waited = 0;
    for (let tries = 0; ; ) {
      try {
        return (await this.#breaker.run(() => this.#client.apiCall(call.method, args), leftAlone)) as T;
      } catch (error) {
        const limitMs = rateLimitMs(error);
        if (limitMs !== undefined) {
          if (call.method !== 'chat.postMessage') this.#limitedUntil.set(call.method, this.#now() + limitMs);
          waited += limitMs;
          if (waited > LONGEST_RATE_WAIT_MS || !(await this.#sleep(limitMs, call.signal))) throw error;
          continue;
        }
        const waitMs = isPassing(error) ? RETRY_WAITS_MS[tries] : undefined;
        if (waitMs === undefined || !(await this.#sleep(waitMs, call.signal))) throw error;
        const earlier = await call.landed?.();
        if (earlier !== undefined) return earlier;
        tries += 1;
      }
    }
  }

  /** How long no draft should be sent by this method, ms; no longer than a call would wait, whatever became of the clock. */
  #restOf(method: SlackMethod): number {
    const until = this.#limitedUntil.get(method) ?? Number.NEGATIVE_INFINITY;
    return Math.min(Math.max(0, until - this.#now()), LONGEST_RATE_WAIT_MS);
  }

  /** False when the platform is being stopped, or the caller no longer waits. */
  async #sleep(ms: number, unwanted?: AbortSignal): Promise<boolean> {
    const halt = this.#halt.signal;
    const signal = unwanted === undefined ? halt : AbortSignal.any([halt, unwanted]);
    return delay(ms, true, { signal }).catch(() => false);
  }
}

function leftAlone(): ChipwrightError {
  return new ChipwrightError(
    'delivery_rejected',
    'Slack failed several times and is left alone for a moment.',
    {
      cure: 'Look at https://slack-status.com and at the network; it is tried again by itself.',
      retryable: true,
    },
  );
}
