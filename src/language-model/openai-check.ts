// Whether an OpenAI-compatible endpoint is there and takes the key; costs no tokens.
import { ChipwrightError } from '../errors.js';
import { OPENAI } from './openai.js';

/** Milliseconds. */
const PATIENCE = 3_000;

export interface OpenAiEndpoint {
  readonly apiKey?: string;
  /** With its version path; OpenAI's own when left out. */
  readonly baseUrl?: string;
  readonly fetch: typeof globalThis.fetch;
}

/**
 * Asks for the list of models. Endpoints without one answer 404, which says that they are there. Rejects with
 * `language_model_unavailable`.
 */
export async function checkOpenAi({ apiKey, baseUrl = OPENAI, fetch }: OpenAiEndpoint): Promise<void> {
  const response = await fetch(`${baseUrl.replace(/\/+$/, '')}/models`, {
    headers: { authorization: `Bearer ${apiKey ?? 'none'}` },
    signal: AbortSignal.timeout(PATIENCE),
  }).catch((cause: unknown) => {
    throw unavailable('The language model cannot be reached.', cause);
  });
  await response.body?.cancel();
  const { status } = response;
  if (status === 401 || status === 403)
    throw unavailable(`The language model refused the API key (${status}).`);
  if (status >= 500) throw unavailable(`The language model failed (${status}).`);
}

function unavailable(message: string, cause?: unknown): ChipwrightError {
  return new ChipwrightError('language_model_unavailable', message, {
    cure: 'Check the server, OPENAI_BASE_URL and OPENAI_API_KEY; it is used again as soon as it answers.',
    retryable: true,
    ...(cause === undefined ? {} : { cause }),
  });
}
