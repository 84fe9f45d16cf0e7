// Slack over HTTP: check the signature, parse, hand over, and answer with the status that makes Slack do the right thing.
import type { App, Receiver } from '@slack/bolt';
import type { Logger } from 'pino';
import type { HttpRequest, HttpResponse, HttpRoute } from '../../src/conversation/platform.js';
import { type ErrorCode, toChipwrightError } from '../../src/errors.js';
import { EVENTS_PATH } from './app-surface.js';
import { deliver, isListenedTo, nameOf } from './bolt-delivery.js';
import { isSslCheck, type Payload, parseBody } from './request-body.js';
import { refusalOf } from './verify.js';

/** Everything that is understood gets 200. Slack delivers again, up to three times, after any other status. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  payload_invalid: 400,
  overloaded: 503,
  draining: 503,
  storage_unavailable: 503,
};

export class HttpReceiver implements Receiver {
  readonly #signingSecret: string;
  readonly #now: () => number;
  readonly #log: Logger;
  #app: App | undefined;
  #open = false;

  constructor(signingSecret: string, now: () => number, log: Logger) {
    this.#signingSecret = signingSecret;
    this.#now = now;
    this.#log = log;
  }

  /** The one path for events, commands and interactions alike. */
  get route(): HttpRoute {
    return { method: 'POST', path: EVENTS_PATH, handle: (request) => this.#handle(request) };
  }

  init(app: App): void {
    this.#app = app;
  }

  async start(): Promise<void> {
    this.#open = true;
  }

  /** From now on Slack is asked to deliver again, to another replica or after the restart. */
  async stop(): Promise<void> {
    this.#open = false;
  }

  async #handle(request: HttpRequest): Promise<HttpResponse> {
    const contentType = request.headers['content-type'];
    if (isSslCheck(request.body, contentType)) return { status: 200 };
    const refusal = refusalOf(
      {
        timestamp: request.headers['x-slack-request-timestamp'],
        signature: request.headers['x-slack-signature'],
        body: request.body,
      },
      this.#signingSecret,
      this.#now(),
    );
    if (refusal !== undefined) {
      this.#log.warn({ refusal }, 'A request that is not from Slack was refused');
      return { status: 401 };
    }
    try {
      return await this.#answer(parseBody(request.body, contentType), request);
    } catch (thrown) {
      const error = toChipwrightError(thrown);
      const status = STATUS[error.code] ?? 500;
      const level = status === 500 ? 'error' : 'warn';
      this.#log[level]({ code: error.code, status, err: error }, 'A Slack request was not taken');
      return { status };
    }
  }

  async #answer(body: Payload, request: HttpRequest): Promise<HttpResponse> {
    if (body.type === 'url_verification') {
      return { status: 200, headers: { 'content-type': 'text/plain' }, body: String(body.challenge ?? '') };
    }
    if (!isListenedTo(body)) {
      this.#log.info({ type: nameOf(body) }, 'Slack sent something that nothing listens to');
      return { status: 200 };
    }
    if (this.#app === undefined || !this.#open) return { status: 503 };
    const retry = request.headers['x-slack-retry-num'];
    const acknowledged = await deliver(this.#app, {
      body,
      retryNum: retry !== undefined && /^\d{1,3}$/.test(retry) ? Number(retry) : undefined,
      retryReason: request.headers['x-slack-retry-reason'],
    });
    return responseOf(acknowledged);
  }
}

function responseOf(acknowledged: unknown): HttpResponse {
  if (acknowledged === undefined || acknowledged === null) return { status: 200 };
  if (typeof acknowledged === 'string') {
    return { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: acknowledged };
  }
  return {
    status: 200,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(acknowledged),
  };
}
