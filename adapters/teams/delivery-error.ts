// Why Teams would not take a message, in our words.
import { ChipwrightError } from '../../src/errors.js';
import { ConnectorFailure } from './connector-transport.js';

const REMOVED = 'The bot may have been removed from the chat or the team; add it again and ask once more.';

const CURES: Readonly<Record<number, string>> = {
  400: 'Report it with the reference: Teams found the message malformed.',
  401: 'Check the app id, the app password and the app type; the secret may have expired.',
  403: REMOVED,
  404: REMOVED,
  413: 'Report it with the reference: the message was too large for Teams.',
};

/** `delivery_rate_limited` or `delivery_rejected`. Errors from elsewhere (the login, a stopped pace) become the latter. */
export function deliveryError(thrown: unknown, now: number): ChipwrightError {
  if (!(thrown instanceof ConnectorFailure)) {
    const known = thrown instanceof ChipwrightError;
    return new ChipwrightError('delivery_rejected', 'The message was not sent to Teams.', {
      cure: known ? thrown.cure : 'Look for the reference in the log, and report it if it happens again.',
      retryable: known && thrown.retryable,
      cause: thrown,
    });
  }
  const { status, code, applied } = thrown;
  if (status === 429) {
    const wait = retryAfterMs(thrown.retryAfter, now);
    return new ChipwrightError('delivery_rate_limited', 'Teams takes no more messages for now.', {
      cure: 'Ask again in a minute; if it happens often, fewer people should use one thread at a time.',
      retryable: true,
      ...(wait === undefined ? {} : { retryAfterMs: wait }),
      cause: thrown,
    });
  }
  if (status === undefined && applied === 'unknown') {
    return new ChipwrightError(
      'delivery_rejected',
      'Teams did not confirm the message, which may be shown or not.',
      {
        cure: 'Look at the thread before asking again; the answer is not sent twice.',
        retryable: true,
        cause: thrown,
      },
    );
  }
  const named = `${status ?? 'no connection'}${code === '' ? '' : `, ${code}`}`;
  return new ChipwrightError('delivery_rejected', `Teams did not take the message (${named}).`, {
    cure: (status === undefined ? undefined : CURES[status]) ?? 'Ask again in a minute.',
    retryable: status === undefined || status >= 500 || status === 412,
    cause: thrown,
  });
}

/** Teams, or the login to it, gives no answer or fails by itself: no fault of this message, and no wish to send less. */
export function isOutage(failure: unknown): boolean {
  if (!(failure instanceof ConnectorFailure)) return failure instanceof ChipwrightError && failure.retryable;
  return failure.status === undefined || failure.status >= 500;
}

/** Milliseconds of a `Retry-After` header: seconds or an HTTP date. Undefined for anything else. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  const value = header?.trim() ?? '';
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const date = /[a-z]{3}.*gmt$/i.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
