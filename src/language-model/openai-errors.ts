// Everything the OpenAI client can throw, as the errors of this house.
import OpenAI, { APIConnectionError, APIConnectionTimeoutError, APIError, OpenAIError } from 'openai';
import { ChipwrightError } from '../errors.js';

const CHECK_SERVER =
  'Check that the server at the configured base URL is up; the question can be asked again.';

/** Whatever was thrown while a completion was asked for or read. Holds no text of the request or the response. */
export function fromOpenAi(thrown: unknown): ChipwrightError {
  if (thrown instanceof ChipwrightError) return thrown;
  if (thrown instanceof APIConnectionTimeoutError)
    return timedOut('The language model did not answer in time.', thrown);
  if (thrown instanceof OpenAI.APIUserAbortError)
    return timedOut('The answer was stopped before it was written.', thrown);
  if (thrown instanceof APIConnectionError)
    return unavailable('The language model cannot be reached.', CHECK_SERVER, true, thrown);
  if (thrown instanceof APIError) return fromStatus(thrown);
  // The SDK throws this where an environment it needs is missing, and nothing else of its own kind reaches here.
  if (thrown instanceof OpenAIError) {
    return unavailable(
      'The language model client could not be used.',
      'Check the language model settings.',
      false,
      thrown,
    );
  }
  if (thrown instanceof SyntaxError) {
    return unavailable(
      'The language model sent something that is not a completion.',
      'Check that the base URL is that of an OpenAI-compatible API.',
      true,
      thrown,
    );
  }
  // `TypeError: terminated` and its like: the connection was lost while the answer was being read.
  if (thrown instanceof TypeError)
    return unavailable('The connection to the language model was lost.', CHECK_SERVER, true, thrown);
  return unavailable('The language model failed.', CHECK_SERVER, true, thrown);
}

function fromStatus(error: APIError): ChipwrightError {
  const status = typeof error.status === 'number' ? error.status : undefined;
  if (error.code === 'content_filter' || error.code === 'content_policy_violation') {
    return new ChipwrightError('language_model_refused', 'The language model declined to answer.', {
      cure: 'Ask in other words.',
      cause: outline(error),
    });
  }
  if (status === undefined)
    return unavailable('The language model broke off with an error.', CHECK_SERVER, true, error);
  if (status === 401 || status === 403) {
    return unavailable(
      `The language model refused the API key (${status}).`,
      'Check the API key and what it is allowed to use.',
      false,
      error,
    );
  }
  if (status === 404) {
    return unavailable(
      'The language model endpoint does not know this model or path (404).',
      'Check the model name and the base URL.',
      false,
      error,
    );
  }
  if (status === 429) {
    const exhausted = error.code === 'insufficient_quota';
    const cure = exhausted ? 'Check the quota of the account.' : 'Ask again in a minute.';
    return unavailable('The language model is used to its limit (429).', cure, !exhausted, error);
  }
  if (status === 408 || status === 504)
    return timedOut(`The language model did not answer in time (${status}).`, error);
  if (status >= 500 || status === 409)
    return unavailable(`The language model failed (${status}).`, CHECK_SERVER, true, error);
  return unavailable(
    `The language model rejected the request (${status}).`,
    'Check that the model takes chat completions with streaming.',
    false,
    error,
  );
}

function unavailable(message: string, cure: string, retryable: boolean, thrown: unknown): ChipwrightError {
  const retryAfterMs = retryAfter(thrown);
  return new ChipwrightError('language_model_unavailable', message, {
    cure,
    retryable,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    cause: outline(thrown),
  });
}

function timedOut(message: string, thrown: unknown): ChipwrightError {
  return new ChipwrightError('timeout', message, {
    cure: 'Ask again, or raise the time limits.',
    retryable: true,
    cause: outline(thrown),
  });
}

/** `Retry-After` in milliseconds, where it is a number of seconds. */
function retryAfter(thrown: unknown): number | undefined {
  const seconds =
    thrown instanceof APIError ? Number(thrown.headers?.get('retry-after') ?? Number.NaN) : Number.NaN;
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : undefined;
}

/** The kind of error without its message: servers like to repeat the request in it. */
function outline(thrown: unknown): unknown {
  if (!(thrown instanceof Error)) return undefined;
  const status = thrown instanceof APIError ? thrown.status : undefined;
  const kind = new Error(thrown.constructor.name + (status === undefined ? '' : ` ${status}`));
  if (thrown.stack !== undefined)
    kind.stack = thrown.stack
      .split('\n')
      .filter((line) => /^\s+at /.test(line))
      .join('\n');
  return kind;
}
