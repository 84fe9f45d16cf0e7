// Slack over Socket Mode: the same listeners behind an outgoing WebSocket; an envelope is acknowledged after they ran.

import { setTimeout as delay } from 'node:timers/promises';
import { type App, type Receiver, SocketModeReceiver } from '@slack/bolt';
import type { Logger } from 'pino';
import { toChipwrightError } from '../../src/errors.js';
import { deliver, isListenedTo, nameOf } from './bolt-delivery.js';
import { boltLogger } from './bolt-logger.js';
import type { Payload } from './request-body.js';
import type { clientOptions } from './web-client.js';

/** After a lost connection: at once, because Slack gives up on an event within seconds, then ever more slowly. */
const RECONNECT_WAITS_MS = [0, 500, 1_000, 2_000, 5_000, 15_000, 30_000] as const;

/** The far side has this long to answer a close; then the socket is cut. */
const CLOSE_MS = 1_000;

/** A socket that is open and has not said hello after this long never will; the client itself would wait for ever. */
const HELLO_MS = 15_000;

/** What the socket client hands over for each envelope. */
interface Envelope {
  readonly body: unknown;
  readonly retry_num?: number;
  readonly retry_reason?: string;
  ack(response?: unknown): Promise<void>;
}

export class SocketReceiver implements Receiver {
  readonly #client: SocketModeReceiver['client'];
  readonly #log: Logger;
  readonly #stopping = new AbortController();
  #app: App | undefined;
  #connected = false;
  #lost: Promise<void> = Promise.resolve();

  constructor(appToken: string, options: ReturnType<typeof clientOptions>, log: Logger) {
    this.#log = log;
    // Bolt's receiver makes the client and is not used further: it acknowledges too early, and waits five seconds
    // before it connects again.
    const { client } = new SocketModeReceiver({
      appToken,
      autoReconnectEnabled: false,
      logger: boltLogger(log),
      installerOptions: { clientOptions: { ...options, retryConfig: { retries: 0 } } },
    });
    client.on('slack_event', (envelope: Envelope) => void this.#receive(envelope));
    this.#client = client;
  }

  get connected(): boolean {
    return this.#connected;
  }

  init(app: App): void {
    this.#app = app;
  }

  /** Resolves when connected. Rejects with the SDK's error when Slack refuses the app token or cannot be reached. */
  async start(): Promise<void> {
    await this.#connect();
    void this.#stayConnected();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    const closed = this.#client.disconnect();
    await Promise.race([closed, delay(CLOSE_MS, undefined, { ref: false })]);
    if (this.#connected) void this.#client.disconnect(); // A second close does not wait for the far side.
    this.#connected = false;
  }

  async #connect(): Promise<void> {
    this.#lost = new Promise((resolve) => {
      this.#client.once('disconnected', () => {
        this.#connected = false;
        resolve();
      });
    });
    const impatience = setTimeout(() => void this.#client.disconnect(), HELLO_MS);
    try {
      await this.#client.start();
      this.#connected = true;
    } finally {
      clearTimeout(impatience);
    }
    if (this.#stopping.signal.aborted) void this.#client.disconnect(); // The stop came while it was being opened.
  }

  async #stayConnected(): Promise<void> {
    const { signal } = this.#stopping;
    for (let tries = 0; !signal.aborted; ) {
      await this.#lost;
      const wait = RECONNECT_WAITS_MS[Math.min(tries, RECONNECT_WAITS_MS.length - 1)];
      await delay(wait, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      try {
        await this.#connect();
        tries = 0;
      } catch (error) {
        tries += 1;
        this.#log.warn({ tries, err: error }, 'Slack could not be reached; trying again');
        this.#lost = Promise.resolve();
      }
    }
  }

  /** What is not acknowledged, Slack delivers again; the inbox knows it by its id then. */
  async #receive({ body, retry_num, retry_reason, ack }: Envelope): Promise<void> {
    if (this.#app === undefined || this.#stopping.signal.aborted || !isPayload(body)) return;
    try {
      if (!isListenedTo(body)) {
        this.#log.info({ type: nameOf(body) }, 'Slack sent something that nothing listens to');
        return await ack();
      }
      await ack(await deliver(this.#app, { body, retryNum: retry_num, retryReason: retry_reason }));
    } catch (thrown) {
      const error = toChipwrightError(thrown);
      this.#log.warn({ code: error.code, err: error }, 'A Slack envelope was not taken');
      if (error.code === 'payload_invalid') await ack().catch(() => {}); // It will not get better.
    }
  }
}

function isPayload(body: unknown): body is Payload {
  return typeof body === 'object' && body !== null && !Array.isArray(body);
}
