// The closed list of errors that a person may meet, each with its cause and its cure.

/** What went wrong, for people and for metrics. `docs/errors.md` explains each; a test holds the two lists together. */
export const ERROR_CODES = [
  'config_invalid',
  'usage_invalid',
  'payload_invalid',
  'auth_rejected',
  'document_unreadable',
  'model_missing',
  'model_corrupt',
  'training_declined',
  'encoder_unavailable',
  'index_unavailable',
  'index_refused',
  'index_mismatch',
  'storage_unavailable',
  'language_model_unavailable',
  'language_model_refused',
  'directory_unavailable',
  'delivery_rejected',
  'delivery_rate_limited',
  'overloaded',
  'draining',
  'timeout',
  'internal',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/**
 * The one error class of the project. `message` says what went wrong in one sentence, `cure` what to do next.
 * Neither ever holds message text, document text, or a secret. `retryAfterMs` is set where the other side named it.
 */
export class ChipwrightError extends Error {
  override readonly name = 'ChipwrightError';
  readonly code: ErrorCode;
  readonly cure: string;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cure: string; retryable?: boolean; retryAfterMs?: number; cause?: unknown },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.cure = options.cure;
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Whatever was thrown, as a ChipwrightError: the border where `unknown` ends. */
export function toChipwrightError(thrown: unknown): ChipwrightError {
  if (thrown instanceof ChipwrightError) return thrown;
  return new ChipwrightError('internal', 'Something failed that should not have.', {
    cure: 'Try again; if it happens again, report it with the lines of the log.',
    cause: thrown,
  });
}
