// `chipwright tune --llm`: the language model as a writer of questions, what it may cost, and what came of it.
import { randomBytes } from 'node:crypto';
import { ChipwrightError } from '../errors.js';
import type { Deadlines } from '../language-model/deadline.js';
import { openAiLanguageModel } from '../language-model/openai.js';
import type { AskingPlan, PrepareRequest, Written } from '../training/prepare.js';
import type { Session } from './session.js';
import { wholeNumber } from './shell.js';

/** Requests to the language model: about 700 pairs, with a look at their hard negatives. */
export const DEFAULT_REQUESTS = 4_000;

/** Nobody waits in a chat, and a model on a CPU takes the requests one by one. */
const UNHURRIED: Deadlines = { firstTokenMs: 90_000, idleMs: 30_000, totalMs: 180_000 };

/** `llm`: most requests, or true for the default. Undefined without `--llm`. Throws `config_invalid` when no language model is configured. */
export function openWriter(
  { config, tools }: Session,
  llm: string | true | undefined,
): PrepareRequest['writer'] {
  if (llm === undefined) return undefined;
  const requests = llm === true ? DEFAULT_REQUESTS : wholeNumber('--llm', llm, 10, 1_000_000);
  if (config.languageModel === null) {
    throw new ChipwrightError('config_invalid', '--llm needs a language model, and none is configured.', {
      cure: 'Set OPENAI_MODEL, and OPENAI_BASE_URL or OPENAI_API_KEY, or leave --llm out.',
    });
  }
  const { fetch, log } = tools;
  const languageModel = openAiLanguageModel({
    ...config.languageModel,
    ...{ fetch, log, randomBytes, deadlines: UNHURRIED },
  });
  return { languageModel, requests };
}

/** For people, before the first request. */
export function describePlan({ model, requests, inputTokens, known }: AskingPlan): string {
  const tokens = inputTokens.toLocaleString('en', { maximumSignificantDigits: 2 });
  return (
    `${model} is sent at most ${requests} requests with about ${tokens} input tokens in all, of passages that everybody may read` +
    `${known === 0 ? '' : `; ${known} answers are here already`}. Ctrl-C stops, and what was answered stays.`
  );
}

/** For people, a line each. */
export function describeWritten(written: Written | undefined): string[] {
  if (written === undefined) return [];
  const { model, asked, pairs, dropped, falseNegatives, problem } = written;
  const reasons = Object.entries(dropped).flatMap(([reason, count]) =>
    count === 0 ? [] : [`${count} ${reason}`],
  );
  return [
    `${pairs} of the questions are by ${model}, in ${asked} requests` +
      `${reasons.length === 0 ? '' : `; dropped: ${reasons.join(', ')}`}; ${falseNegatives} hard negatives taken out.`,
    ...(problem === null ? [] : [`${model} was not asked to the end: ${problem}`]),
  ];
}
