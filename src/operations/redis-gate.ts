// The pace of several replicas: on a Redis server they take turns at each destination. The only file that knows Redis.
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { ChipwrightError } from '../errors.js';
import type { Gate } from './pace.js';

/** A server that has not answered after this long is away, ms: nobody's answer waits for it. */
const PATIENCE_MS = 500;

/** After a failure it is not asked again for so long, ms. */
const REST_MS = 2_000;

/** Between two tries to connect at most, ms. */
const RECONNECT_MS = 1_000;

/** Gaps that a turn may be away: replicas that wait at one destination, each for one turn. What is further is no turn of ours. */
const MOST_TURNS = 60;

/**
 * Takes the next free moment at a destination, in the server's own time, and gives the milliseconds until then. The key goes when the
 * moment after it has passed.
 */
const TAKE_TURN = `
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local turn = math.max(now, tonumber(redis.call('GET', KEYS[1]) or 0))
  local free = turn + tonumber(ARGV[1])
  redis.call('SET', KEYS[1], free, 'PX', free - now)
  return turn - now
`;

export interface RedisGate extends Gate {
  /** Rejects when the server does not answer. */
  check(): Promise<void>;
  close(): void;
}

export interface RedisTools {
  /** Milliseconds. */
  readonly now: () => number;
  /** For tests; without them the real ones. */
  readonly sleep?: (ms: number) => Promise<unknown>;
  readonly patienceMs?: number;
}

/** Connects to `url` (`redis://` or `rediss://`) by itself, and again whenever the server comes back. */
export function openRedisGate(
  url: string,
  { now, sleep = delay, patienceMs = PATIENCE_MS }: RedisTools,
): RedisGate {
  const redis = new Redis(url, {
    commandTimeout: patienceMs,
    connectTimeout: RECONNECT_MS,
    // Each replica paces for itself meanwhile; nothing is saved up for a server that is away.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (times) => Math.min(times * 100, RECONNECT_MS),
  });
  // What fails is told by the calls; without a listener it would be printed.
  redis.on('error', () => {});
  let restsUntil = Number.NEGATIVE_INFINITY;

  return {
    async pass(key, gapMs) {
      const time = now();
      if (time < restsUntil && restsUntil - time <= REST_MS) return;
      try {
        const waitMs = Number(await redis.eval(TAKE_TURN, 1, `chipwright:pace:${key}`, gapMs));
        if (waitMs > 0 && waitMs <= gapMs * MOST_TURNS) await sleep(waitMs);
      } catch {
        restsUntil = now() + REST_MS;
      }
    },
    async check() {
      try {
        await redis.ping();
      } catch (cause) {
        throw new ChipwrightError(
          'timeout',
          'The Redis server does not answer; each process paces for itself.',
          {
            cure: 'Check that it runs and that REDIS_URL is right; it is used again by itself when it is back.',
            retryable: true,
            cause,
          },
        );
      }
    },
    close: () => redis.disconnect(),
  };
}
