// The Web API client as a bot needs it: it never waits or tries again by itself, so that one slow channel stays alone.
import { WebClient } from '@slack/web-api';
import type { PlatformTools } from '../../src/conversation/platform.js';
import { boltLogger } from './bolt-logger.js';

/** A call without an answer after this long has failed; the SDK's own default is to wait for ever. */
export const CALL_TIMEOUT_MS = 10_000;

/** Waited when Slack says 429 without saying for how long. */
const DEFAULT_RETRY_AFTER_SECONDS = 5;

/** Options shared by the bot's client and Socket Mode, so that `apiUrl` moves every call. */
export function clientOptions(
  apiUrl: string | undefined,
  tools: Pick<PlatformTools, 'log' | 'fetch' | 'now'>,
) {
  return {
    ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl }),
    timeout: CALL_TIMEOUT_MS,
    rejectRateLimitedCalls: true,
    allowAbsoluteUrls: false,
    logger: boltLogger(tools.log),
    fetch: fetchWithRetryAfter(tools),
  };
}

/**
 * A client without retries of its own: after a lost response only the sender knows how to look whether the message
 * landed, and the SDK's wait after a 429 would pause every channel.
 */
export function webClient(
  botToken: string,
  apiUrl: string | undefined,
  tools: Pick<PlatformTools, 'log' | 'fetch' | 'now'>,
): WebClient {
  return new WebClient(botToken, { ...clientOptions(apiUrl, tools), retryConfig: { retries: 0 } });
}

/** The SDK understands whole seconds only and throws a plain Error otherwise; a date or nothing becomes seconds here. */
function fetchWithRetryAfter({ fetch, now }: Pick<PlatformTools, 'fetch' | 'now'>) {
  return async (url: string | URL, init?: object): Promise<Response> => {
    const response = await fetch(url, init as RequestInit);
    if (response.status !== 429) return response;
    await response.body?.cancel();
    const seconds = retryAfterSeconds(response.headers.get('retry-after'), now());
    return new Response(null, { status: 429, headers: { 'retry-after': String(seconds) } });
  };
}

/** Seconds named by a Retry-After header: a number, an HTTP date, or a default when it makes no sense. At least 1. */
export function retryAfterSeconds(header: string | null, nowMs: number): number {
  const value = header?.trim() ?? '';
  if (/^\d{1,6}$/.test(value)) return Math.max(1, Number(value));
  const date = /[a-z]/i.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(date)) return DEFAULT_RETRY_AFTER_SECONDS;
  return Math.max(1, Math.ceil((date - nowMs) / 1000));
}
