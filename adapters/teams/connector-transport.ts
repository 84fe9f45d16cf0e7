// The HTTP client under botbuilder's connector: one request, one answer, no retry of its own.
import type { ConnectorClientOptions } from 'botframework-connector';

type HttpClient = NonNullable<ConnectorClientOptions['httpClient']>;

/**
 * A request that Teams did not take. `applied` says what is known of its effect: `no` when it was refused or never left,
 * `unknown` when the answer got lost, so that sending it again might say the same thing twice.
 */
export class ConnectorFailure extends Error {
  override readonly name = 'ConnectorFailure';
  readonly status: number | undefined;
  /** The connector's own word: `ContentStreamNotAllowed`, `MessageSizeTooBig`. Empty when it gave none. */
  readonly code: string;
  /** The `Retry-After` header as it came. */
  readonly retryAfter: string | undefined;
  readonly applied: 'no' | 'unknown';

  constructor(
    message: string,
    details: {
      status?: number;
      code?: string;
      retryAfter?: string;
      applied: 'no' | 'unknown';
      cause?: unknown;
    },
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.status = details.status;
    this.code = details.code ?? '';
    this.retryAfter = details.retryAfter;
    this.applied = details.applied;
  }
}

/** Errors of a connection that never came about. */
const NEVER_LEFT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']);

/**
 * botbuilder's default client repeats a POST whose connection broke, up to three times, which shows a message three times
 * when only the answers were lost. This one rejects with a ConnectorFailure for everything but success, which its retry
 * policy does not touch: whether to send again is decided in outbox.ts. Redirects are not followed, since they would
 * carry the bot's token elsewhere.
 */
export function connectorTransport(fetch: typeof globalThis.fetch, timeoutMs: number): HttpClient {
  return {
    async sendRequest(request) {
      let response: Response;
      let text: string;
      try {
        response = await fetch(request.url, {
          method: request.method,
          headers: request.headers.rawHeaders(),
          ...(typeof request.body === 'string' ? { body: request.body } : {}),
          redirect: 'manual',
          signal: AbortSignal.timeout(timeoutMs),
        });
        text = await response.text();
      } catch (cause) {
        const applied = NEVER_LEFT.has(systemCode(cause)) ? 'no' : 'unknown';
        throw new ConnectorFailure('The connection to Teams failed.', { applied, cause });
      }
      if (!response.ok) {
        const retryAfter = response.headers.get('retry-after');
        throw new ConnectorFailure(`Teams answered with status ${response.status}.`, {
          status: response.status,
          code: errorCode(text),
          ...(retryAfter === null ? {} : { retryAfter }),
          applied: 'no',
        });
      }
      const headers = request.headers.clone();
      for (const name of headers.headerNames()) headers.remove(name);
      headers.set('content-type', 'application/json');
      // The request was taken; an answer that cannot be read must not make it look refused.
      return { request, status: response.status, headers, bodyAsText: readable(text) };
    },
  };
}

function systemCode(thrown: unknown): string {
  const cause = thrown instanceof Error ? (thrown.cause ?? thrown) : undefined;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : '';
}

/** The `code` of the connector's error body. The message beside it is not kept. */
function errorCode(text: string): string {
  const body = parsed(text) as { error?: { code?: unknown } } | undefined;
  const code = body?.error?.code;
  return typeof code === 'string' ? code.slice(0, 80) : '';
}

function readable(text: string): string {
  const body = parsed(text);
  return typeof body === 'object' && body !== null ? text : '{}';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
