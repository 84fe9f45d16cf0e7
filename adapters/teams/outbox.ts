// Sends activities into conversations: in turn, at the allowed pace, again when that is safe.
import { setTimeout as delay } from 'node:timers/promises';
import type { Activity, CloudAdapter, TurnContext } from 'botbuilder';
import { CircuitBreaker } from '../../src/circuit-breaker.js';
import { PLATFORM_BREAKER, type PlatformTools } from '../../src/conversation/platform.js';
import { ChipwrightError } from '../../src/errors.js';
import { type Address, conversationReference } from './address.js';
import { ConnectorFailure } from './connector-transport.js';
import { isOutage, retryAfterMs } from './delivery-error.js';

/**
 * `once`: a picture of the moment, worthless later. `safe`: sending it twice has the effect of sending it once. `plain`:
 * repeated only while it is certain that Teams did not take it.
 */
type Repeat = 'once' | 'safe' | 'plain';

/**
 * All methods reject with a ConnectorFailure, or with a ChipwrightError that did not come from Teams; with such a one at once while Teams
 * is left alone because requests failed several times in a row.
 */
export interface Outbox {
  /** Resolves to the id of the new activity; empty when Teams names none (later chunks of a stream). */
  post(address: Address, activity: Partial<Activity>, repeat: Repeat): Promise<string>;
  replace(address: Address, activityId: string, activity: Partial<Activity>): Promise<void>;
  remove(address: Address, activityId: string): Promise<void>;
}

/** Waiting, chance and patience, handed in so that tests need none of them. */
export interface Timing {
  readonly sleep: (ms: number) => Promise<void>;
  /** At least 0, below 1. */
  readonly random: () => number;
  /** How long one request to Teams may take. */
  readonly sendTimeoutMs: number;
}

export const systemTiming: Timing = {
  sleep: async (ms) => {
    await delay(ms);
  },
  random: Math.random,
  sendTimeoutMs: 15_000,
};

/** Teams takes 60 activities in 30 s for each thread, and one in a second while a stream is open. */
const GAP_MS = { personal: 1000, other: 500 };
const ATTEMPTS = 4;
const FIRST_WAIT_MS = 500;
/** A longer wait is handed to the caller: to send again before it is over would make Teams ask for a longer one. */
const LONGEST_WAIT_MS = 31_000;
/** Those that Microsoft's limits page says to send again. */
const REPEATED_STATUS = new Set([412, 429, 502, 504]);

export function createOutbox(
  adapter: CloudAdapter,
  appId: string,
  tools: Pick<PlatformTools, 'now' | 'pace' | 'onBreaker'>,
  timing: Timing,
): Outbox {
  const breaker = new CircuitBreaker(PLATFORM_BREAKER, {
    now: tools.now,
    onChange: tools.onBreaker,
    isFailure: (thrown) => isOutage(failureOf(thrown)),
  });

  async function send<T>(
    address: Address,
    repeat: Repeat,
    act: (context: TurnContext) => Promise<T>,
  ): Promise<T> {
    const { id, type } = address.conversation;
    const gap = type === 'personal' ? GAP_MS.personal : GAP_MS.other;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await tools.pace.run(id, gap, () =>
          breaker.run(() => inTurn(adapter, appId, address, act), leftAlone),
        );
      } catch (thrown) {
        const failure = failureOf(thrown);
        const waitMs = waitFor(failure, attempt, tools.now(), timing.random());
        if (attempt === ATTEMPTS || waitMs > LONGEST_WAIT_MS || !mayRepeat(failure, repeat)) throw failure;
        await timing.sleep(waitMs);
      }
    }
  }

  return {
    post: (address, activity, repeat) =>
      send(address, repeat, async (context) => (await context.sendActivity(activity))?.id ?? ''),
    replace: (address, id, activity) =>
      send(address, 'safe', async (context) => {
        await context.updateActivity({ ...activity, id });
      }),
    remove: (address, id) => send(address, 'once', (context) => context.deleteActivity(id)),
  };
}

/** A turn of its own for every request: a kept TurnContext is revoked when its turn ends. */
async function inTurn<T>(
  adapter: CloudAdapter,
  appId: string,
  address: Address,
  act: (context: TurnContext) => Promise<T>,
): Promise<T> {
  let result: T | undefined;
  await adapter.continueConversationAsync(appId, conversationReference(address), async (context) => {
    // botbuilder answers the made-up event that opened this turn; the reply belongs to the person's message.
    context.activity.id = address.activityId ?? '';
    result = await act(context);
  });
  return result as T;
}

function failureOf(thrown: unknown): ConnectorFailure | ChipwrightError {
  if (thrown instanceof ConnectorFailure || thrown instanceof ChipwrightError) return thrown;
  // Thrown by botbuilder before or after the request: what became of it is not known.
  return new ConnectorFailure('botbuilder failed to send.', { applied: 'unknown', cause: thrown });
}

function mayRepeat(failure: ConnectorFailure | ChipwrightError, repeat: Repeat): boolean {
  if (repeat === 'once') return false;
  // A login that did not answer may answer soon. A pace that was stopped will not start again.
  if (failure instanceof ChipwrightError) return failure.code === 'auth_rejected' && failure.retryable;
  if (failure.status !== undefined) return REPEATED_STATUS.has(failure.status);
  return failure.applied === 'no' || repeat === 'safe';
}

/** What Teams asked for, or an exponential back-off; up to half of it more or less, so that waiters spread out. */
function waitFor(
  failure: ConnectorFailure | ChipwrightError,
  attempt: number,
  now: number,
  random: number,
): number {
  const asked = failure instanceof ConnectorFailure ? retryAfterMs(failure.retryAfter, now) : undefined;
  if (asked !== undefined) return asked + Math.round(random * FIRST_WAIT_MS);
  return Math.round(FIRST_WAIT_MS * 2 ** (attempt - 1) * (0.5 + random));
}

function leftAlone(): ChipwrightError {
  return new ChipwrightError(
    'delivery_rejected',
    'Teams failed several times and is left alone for a moment.',
    { cure: 'Check the network; it is tried again by itself.', retryable: true },
  );
}
