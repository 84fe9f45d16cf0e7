// The line to a Qdrant server: address, time limits, and a second try where it can help.
import { setTimeout as sleep } from 'node:timers/promises';
import { QdrantClient } from '@qdrant/js-client-rest';
import type { Logger } from 'pino';
import { type BreakerLimits, type BreakerState, CircuitBreaker } from '../circuit-breaker.js';
import { ChipwrightError } from '../errors.js';
import { fromQdrant } from './qdrant-errors.js';

export interface QdrantAddress {
  readonly url: string;
  readonly apiKey?: string;
}

/** Milliseconds. A question must learn within two seconds that the index is down, and reaching its thread takes some of them. */
const READ_TIMEOUT = 1_800;
const WRITE_TIMEOUT = 30_000;
/** Node's `fetch` waits no longer than five minutes for an answer to begin. */
const LONG_TIMEOUT = 290_000;

const BREAKER: BreakerLimits = { failures: 5, withinMs: 10_000, pauseMs: 2_000, othersWait: true };

/** Milliseconds before each further try. */
const READ_WAITS = [50, 150];
const WRITE_WAITS = [200, 500, 1_500];

export interface QdrantTools {
  /** Milliseconds. */
  readonly now: () => number;
  readonly log: Logger;
  /** Told when the server is left alone, tried again, and back. */
  readonly onBreaker?: ((state: BreakerState) => void) | undefined;
}

interface Line {
  readonly client: QdrantClient;
  readonly timeout: number;
  readonly waits: readonly number[];
}

/**
 * One for a process: what one search learns about the server, the others know.
 *
 * All calls we make may be made twice: points have ids of their own, deletions name what to delete, the rest only reads. So every
 * call is tried again when the failure may pass; a read only as long as its two seconds are mostly left. Reads of
 * a server that keeps failing are given up at once until it is back; writes belong to commands that can wait.
 */
export class QdrantConnection {
  readonly #reading: Line;
  readonly #writing: Line;
  readonly #long: Line;
  readonly #breaker: CircuitBreaker;
  readonly #now: () => number;
  readonly #log: Logger;

  constructor(address: QdrantAddress, tools: QdrantTools) {
    const parts = clientParts(address);
    this.#reading = lineOf(parts, READ_TIMEOUT, READ_WAITS);
    this.#writing = lineOf(parts, WRITE_TIMEOUT, WRITE_WAITS);
    this.#long = lineOf(parts, LONG_TIMEOUT, []);
    this.#breaker = new CircuitBreaker(BREAKER, { now: tools.now, onChange: tools.onBreaker });
    this.#now = tools.now;
    this.#log = tools.log;
  }

  /** Rejects with a ChipwrightError. `doing` says what for: "searching by words". */
  read<T>(doing: string, call: (client: QdrantClient) => Promise<T>): Promise<T> {
    return this.#breaker.run(
      () => this.#persist(this.#reading, doing, call),
      () => leftAlone(doing),
    );
  }

  /** As `read`, with more time; `call` must be one that may be made twice. */
  write<T>(doing: string, call: (client: QdrantClient) => Promise<T>): Promise<T> {
    return this.#persist(this.#writing, doing, call);
  }

  /** Once, with minutes of time: for what works through a whole collection. */
  long<T>(doing: string, call: (client: QdrantClient) => Promise<T>): Promise<T> {
    return this.#persist(this.#long, doing, call);
  }

  async #persist<T>(line: Line, doing: string, call: (client: QdrantClient) => Promise<T>): Promise<T> {
    const started = this.#now();
    for (let tries = 0; ; tries++) {
      try {
        return await call(line.client);
      } catch (thrown) {
        const error = fromQdrant(thrown, doing);
        const wait = line.waits[tries];
        const isLate = this.#now() - started > line.timeout / 4;
        if (!error.retryable || wait === undefined || isLate) throw error;
        this.#log.debug({ err: error, tries: tries + 1 }, 'trying Qdrant again');
        await sleep(wait);
      }
    }
  }
}

function leftAlone(doing: string): ChipwrightError {
  return new ChipwrightError(
    'index_unavailable',
    `The Qdrant server failed several times and is left alone for a moment; it was not asked while ${doing}.`,
    {
      cure: 'Check that the server runs and that QDRANT_URL is right; searches go on by themselves when it is back.',
      retryable: true,
    },
  );
}

function lineOf(parts: ClientParts, timeout: number, waits: readonly number[]): Line {
  // The compatibility check is a request that nobody awaits and that writes to the console.
  return { client: new QdrantClient({ ...parts, timeout, checkCompatibility: false }), timeout, waits };
}

interface ClientParts {
  readonly host: string;
  readonly https: boolean;
  readonly port: number;
  readonly prefix: string;
  readonly headers: Record<string, string>;
}

/**
 * A URL that names no port means 6333, the port of every Qdrant server and of Qdrant Cloud, as this client documents. One that
 * names 443 or 80 means just that; the client itself cannot tell, because `URL` drops a scheme's own port. A path becomes the prefix.
 */
export function clientParts({ url, apiKey }: QdrantAddress): ClientParts {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new ChipwrightError('config_invalid', 'QDRANT_URL is not an http or https address.', {
      cure: 'Give it as in http://localhost:6333.',
    });
  }
  const { hostname, pathname, protocol } = new URL(url);
  const named = /^https?:\/\/[^/?#]*:(\d+)(?:[/?#]|$)/i.exec(url.trim())?.[1];
  return {
    host: hostname,
    https: protocol === 'https:',
    port: named === undefined ? 6333 : Number(named),
    prefix: pathname.replace(/\/+$/, ''),
    // As a header, not as `apiKey`: with that the client writes to the console when the server is on plain http, as on localhost.
    headers: apiKey === undefined ? {} : { 'api-key': apiKey },
  };
}
