// Any OpenAI-compatible endpoint as the writer: OpenAI, Azure, vLLM, llama.cpp, Ollama.
import OpenAI from 'openai';
import type { Logger } from 'pino';
import { ChipwrightError } from '../errors.js';
import { Deadline, type Deadlines } from './deadline.js';
import type { Ending, LanguageModel } from './language-model.js';
import { buildMessages } from './messages.js';
import { fromOpenAi } from './openai-errors.js';

/** OpenAI's own endpoint. */
export const OPENAI = 'https://api.openai.com/v1';

/** The SDK repeats a request once, before any text came; the deadline covers both. */
const RETRIES = 1;
/** Bytes of one response; a stream carries some 200 bytes per token, so this is far above any answer. */
const LARGEST_RESPONSE = 2_000_000;
/** Characters of one answer; what a model writes beyond is not read. */
const LONGEST_ANSWER = 20_000;

/** Long enough for a small model on a CPU to begin, short enough for someone who waits in a chat. */
const DEADLINES: Deadlines = { firstTokenMs: 20_000, idleMs: 10_000, totalMs: 45_000 };
/** Eight passages of the usual size, the thread and the question; every model in use takes more. */
const INPUT_TOKENS = 8_000;

export interface OpenAiOptions {
  /** Servers on the own machine need none. */
  readonly apiKey?: string;
  /** With its version path. Without it OpenAI's own, `https://api.openai.com/v1`. */
  readonly baseUrl?: string;
  readonly model: string;
  readonly fetch: typeof globalThis.fetch;
  readonly log: Logger;
  /** For the fence of each request, which no document must know beforehand. */
  readonly randomBytes: (size: number) => Buffer;
  /** Where they differ from the usual ones. */
  readonly deadlines?: Partial<Deadlines>;
  /** Tokens of one request at most, as `approximateTokens` counts them. */
  readonly inputTokens?: number;
}

/** A `LanguageModel` over chat completions. Each answer has one budget of tokens and of time, whatever the server does. */
export function openAiLanguageModel(options: OpenAiOptions): LanguageModel {
  const { model, log, inputTokens: budget = INPUT_TOKENS } = options;
  const deadlines = { ...DEADLINES, ...options.deadlines };
  const client = new OpenAI({
    apiKey: options.apiKey ?? 'none',
    // The SDK would read what is left out from the environment, and print what it cannot parse.
    baseURL: options.baseUrl ?? OPENAI,
    organization: null,
    project: null,
    logLevel: 'off',
    fetch: limited(options.fetch),
    timeout: deadlines.firstTokenMs,
    maxRetries: RETRIES,
  });
  return {
    name: model,
    quotes: false,
    async *stream(prompt, caller) {
      const deadline = new Deadline(deadlines, caller);
      const messages = buildMessages(prompt, { fence: options.randomBytes(12).toString('hex'), budget });
      let length = 0;
      let finish: string | undefined;
      let usage: Ending['usage'];
      try {
        const request = {
          model,
          messages: [...messages],
          stream: true as const,
          stream_options: { include_usage: true },
        };
        const chunks = await deadline.race(
          client.chat.completions.create(request, { signal: deadline.signal }),
        );
        const reader = chunks[Symbol.asyncIterator]();
        while (length <= LONGEST_ANSWER) {
          const { value: chunk, done } = await deadline.race(reader.next());
          if (done === true) break;
          const choice = chunk.choices?.[0];
          finish = choice?.finish_reason ?? finish;
          if (chunk.usage)
            usage = { inputTokens: chunk.usage.prompt_tokens, outputTokens: chunk.usage.completion_tokens };
          if (choice?.delta?.refusal || finish === 'content_filter') throw refused();
          const text = choice?.delta?.content;
          if (typeof text !== 'string' || text === '') continue;
          deadline.progress();
          length += text.length;
          yield text.slice(0, text.length - Math.max(0, length - LONGEST_ANSWER));
        }
        // An aborted stream of the SDK ends without a word.
        deadline.signal.throwIfAborted();
        if (length === 0) throw nothing();
        log.debug({ model, finish, ...usage }, 'language model answered');
        // A stream that ends without saying why was closed on the way.
        const cut = finish === undefined || finish === 'length' || length > LONGEST_ANSWER;
        yield { finish: cut ? 'cut' : 'complete', ...(usage === undefined ? {} : { usage }) };
      } catch (thrown) {
        // What the SDK throws because of our abort tells less than the reason of the abort.
        throw fromOpenAi(deadline.signal.aborted ? deadline.signal.reason : thrown);
      } finally {
        deadline.end();
      }
    },
  };
}

function refused(): ChipwrightError {
  return new ChipwrightError('language_model_refused', 'The language model declined to answer.', {
    cure: 'Ask in other words.',
  });
}

function nothing(): ChipwrightError {
  return new ChipwrightError('language_model_unavailable', 'The language model sent an empty answer.', {
    cure: 'Check that the base URL is that of an OpenAI-compatible API; the question can be asked again.',
    retryable: true,
  });
}

/** Gives up on a response that grows beyond all sense, such as a line without an end. */
function limited(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    if (response.body === null) return response;
    let bytes = 0;
    const meter = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.byteLength;
        if (bytes > LARGEST_RESPONSE) controller.error(new TypeError('response too large'));
        else controller.enqueue(chunk);
      },
    });
    const { status, statusText, headers } = response;
    return new Response(response.body.pipeThrough(meter), { status, statusText, headers });
  };
}
