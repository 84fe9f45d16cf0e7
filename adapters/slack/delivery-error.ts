// What Slack refused, in the project's words: the error table of everything that can go wrong on the way out.
import {
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
} from '@slack/web-api';
import { ChipwrightError } from '../../src/errors.js';

/** Slack's own code of a refusal (`not_in_channel`), or nothing when the error is no refusal. */
export function slackCode(thrown: unknown): string | undefined {
  return thrown instanceof WebAPIPlatformError ? thrown.data.error : undefined;
}

/** Why there was no answer at all: the system's code (`ENOTFOUND`, `ECONNREFUSED`), or the status of a failed HTTP call. */
export function networkCode(thrown: unknown): string | undefined {
  if (thrown instanceof WebAPIHTTPError) return `HTTP ${thrown.statusCode}`;
  for (let error = thrown; error instanceof Error; error = error.cause) {
    // The SDK and fetch wrap the system's error; theirs have a code in small letters, a number, or none.
    if ('code' in error && typeof error.code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(error.code)) {
      return error.code;
    }
  }
  return undefined;
}

/** Errors of a connection that never came about: nothing was sent. */
const NEVER_LEFT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** The request may have been carried out, although no answer came. */
export function isLost(thrown: unknown): boolean {
  return !NEVER_LEFT.has(networkCode(thrown) ?? '');
}

/** Milliseconds Slack asks to wait, when it limits the rate in either of its two ways. */
export function rateLimitMs(thrown: unknown): number | undefined {
  if (thrown instanceof WebAPIRateLimitedError) return thrown.retryAfter * 1000;
  const code = slackCode(thrown);
  return code === 'ratelimited' || code === 'rate_limited' ? 5_000 : undefined;
}

const PASSING = new Set(['internal_error', 'fatal_error', 'service_unavailable', 'request_timeout']);

/** The call may work a moment later, and may already have worked: no answer, or a fault inside Slack. */
export function isPassing(thrown: unknown): boolean {
  if (thrown instanceof WebAPIRequestError) return true;
  if (thrown instanceof WebAPIHTTPError) return thrown.statusCode >= 500;
  return PASSING.has(slackCode(thrown) ?? '');
}

export const TOO_LONG: ReadonlySet<string> = new Set(['msg_too_long', 'msg_blocks_too_long']);
export const BAD_BLOCKS: ReadonlySet<string> = new Set(['invalid_blocks', 'invalid_blocks_format']);
/** Slack cannot do this here, now or later; another way must be taken. */
export const NOT_OFFERED: ReadonlySet<string> = new Set([
  'unknown_method',
  'feature_not_enabled',
  'missing_scope',
  'not_allowed_token_type',
]);
/** The conversation does not take our messages: the asker is told one to one instead. */
export const UNREACHABLE: ReadonlySet<string> = new Set([
  'channel_not_found',
  'not_in_channel',
  'is_archived',
  'cannot_reply_to_message',
]);
/** The message is a stream that has not ended. Slack ends it by itself after some five minutes. */
export const STREAM_OPEN = 'streaming_state_conflict';
/** The bot token is worth nothing any more. */
export const TOKEN_REFUSED: ReadonlySet<string> = new Set([
  'invalid_auth',
  'not_authed',
  'token_revoked',
  'token_expired',
  'account_inactive',
  'org_login_required',
]);

const REASONS: Readonly<Record<string, readonly [message: string, cure: string]>> = {
  channel_not_found: ['Slack does not show me that channel.', 'Invite me to the channel, then ask again.'],
  not_in_channel: ['I am not a member of that channel.', 'Invite me to the channel, then ask again.'],
  is_archived: ['That channel is archived.', 'Ask in a channel that is in use, or in a direct message.'],
  cannot_reply_to_message: ['Slack takes no replies to that message.', 'Ask in a new message.'],
  missing_scope: ['The Slack app lacks a permission.', 'Reinstall the app from the current manifest.'],
};

/** Any failure of a Slack call as a ChipwrightError. Slack's code is named; what was sent is not. */
export function fromSlack(thrown: unknown): ChipwrightError {
  if (thrown instanceof ChipwrightError) return thrown;
  const waitMs = rateLimitMs(thrown);
  if (waitMs !== undefined) {
    return new ChipwrightError('delivery_rate_limited', 'Slack asks to send less often.', {
      cure: 'Wait a moment; it is tried again.',
      retryable: true,
      retryAfterMs: waitMs,
      cause: thrown,
    });
  }
  if (isPassing(thrown)) {
    return new ChipwrightError('delivery_rejected', 'Slack did not take the message in time.', {
      cure: 'Ask again; if it keeps happening, look at https://slack-status.com and at the network.',
      retryable: true,
      cause: thrown,
    });
  }
  const code = slackCode(thrown);
  if (code === STREAM_OPEN) {
    return new ChipwrightError('delivery_rejected', 'Slack still shows the draft of this answer.', {
      cure: 'Nothing needs to be done: the draft ends by itself, and it is tried again.',
      retryable: true,
      cause: thrown,
    });
  }
  if (code !== undefined && TOKEN_REFUSED.has(code)) {
    return new ChipwrightError('auth_rejected', `Slack refuses the token (${code}).`, {
      cure: 'Install the Slack app again, and set the new token.',
      cause: thrown,
    });
  }
  const [message, cure] = REASONS[code ?? ''] ?? [
    `Slack refused the message (${code ?? 'no reason given'}).`,
    'Report it with the reference, if it happens again.',
  ];
  return new ChipwrightError('delivery_rejected', message, { cure, cause: thrown });
}

/** For a look at the history that failed: what cannot be read now rejects, and is read later; what may not be read at all is nothing. */
export function untilLater(thrown: unknown): undefined {
  if (fromSlack(thrown).retryable) throw thrown;
  return undefined;
}
