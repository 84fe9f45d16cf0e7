// The OpenAI-compatible writer against a real server on this machine: each way it can go, and how that is told.
import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChipwrightError } from '../../src/errors.js';
import type { Ending, Prompt } from '../../src/language-model/language-model.js';
import { openAiLanguageModel } from '../../src/language-model/openai.js';
import { type OpenAiStandIn, plainAnswer, startOpenAiStandIn } from '../support/openai-stand-in.js';

const PROMPT: Prompt = {
  instructions: 'Answer from the passages.',
  history: [{ question: 'What is setup?', answer: 'A check [1].' }],
  question: 'What is hold?',
  passages: [
    { marker: 1, title: 'Timing > Hold', text: 'Hold is checked at the fast corner. Setup is not.' },
  ],
};

let server: OpenAiStandIn;
beforeAll(async () => {
  server = await startOpenAiStandIn();
});
afterAll(() => server.close());

function model(
  over: {
    baseURL?: string;
    firstTokenMs?: number;
    idleMs?: number;
    totalMs?: number;
    log?: pino.Logger;
  } = {},
) {
  return openAiLanguageModel({
    apiKey: 'sk-canary-key',
    baseUrl: over.baseURL ?? server.baseURL,
    model: 'test-model',
    fetch: globalThis.fetch,
    log: over.log ?? pino({ level: 'silent' }),
    deadlines: {
      firstTokenMs: over.firstTokenMs ?? 2_000,
      idleMs: over.idleMs ?? 2_000,
      totalMs: over.totalMs ?? 5_000,
    },
    inputTokens: 4_000,
    randomBytes,
  });
}

/** What came, and the error that ended it. */
async function run(over: Parameters<typeof model>[0] = {}, signal = new AbortController().signal) {
  let text = '';
  let ending: Ending | undefined;
  try {
    for await (const piece of model(over).stream(PROMPT, signal)) {
      if (typeof piece === 'string') text += piece;
      else ending = piece;
    }
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(ChipwrightError);
    return { text, ending, error: thrown as ChipwrightError };
  }
  return { text, ending, error: undefined };
}

describe('openAiLanguageModel', () => {
  it('sends the prompt, the passages fenced, and streams the text', async () => {
    server.behave(plainAnswer);
    expect(await run()).toEqual({
      text: 'Hold is checked at the fast corner [1].',
      ending: { finish: 'complete', usage: { inputTokens: 11, outputTokens: 7 } },
      error: undefined,
    });
    const request = server.requests.at(-1);
    expect(request).toMatchObject({
      path: '/v1/chat/completions',
      authorization: 'Bearer sk-canary-key',
      model: 'test-model',
      stream: true,
    });
    expect(request?.messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'user']);
    expect(request?.passages).toEqual([
      { marker: 1, title: 'Timing > Hold', text: PROMPT.passages[0]?.text },
    ]);
  });

  it('does without the usage', async () => {
    server.behave({ as: 'answer', text: 'Yes [1].', usage: false });
    expect((await run()).ending).toEqual({ finish: 'complete' });
  });

  it('says when the text is cut at a limit of length, or the stream ends without a reason', async () => {
    server.behave({ as: 'answer', text: 'Half an ans', finish: 'length' });
    expect(await run()).toMatchObject({ text: 'Half an ans', ending: { finish: 'cut' }, error: undefined });
    server.behave({ as: 'unfinished', text: 'Half an ans' });
    expect(await run()).toMatchObject({ text: 'Half an ans', ending: { finish: 'cut' }, error: undefined });
  });

  it('stops reading an answer without end', async () => {
    server.behave({ as: 'answer', text: 'word '.repeat(10_000) });
    const { text, ending } = await run();
    expect(text.length).toBe(20_000);
    expect(ending?.finish).toBe('cut');
  });

  const error = (status: number, code?: string) =>
    ({ as: 'status', status, body: JSON.stringify({ error: { message: 'canary-text', code } }) }) as const;
  const sse = (data: string) => ({ as: 'raw', body: `data: ${data}\n\n` }) as const;
  it.each([
    ['400', error(400), 'language_model_unavailable', false],
    ['400 content filter', error(400, 'content_filter'), 'language_model_refused', false],
    ['401', error(401), 'language_model_unavailable', false],
    ['403', error(403), 'language_model_unavailable', false],
    ['404', error(404), 'language_model_unavailable', false],
    ['408', error(408), 'timeout', true],
    ['409', error(409), 'language_model_unavailable', true],
    ['422', error(422), 'language_model_unavailable', false],
    ['429', error(429), 'language_model_unavailable', true],
    ['429 quota', error(429, 'insufficient_quota'), 'language_model_unavailable', false],
    ['500', error(500), 'language_model_unavailable', true],
    [
      '502 with HTML',
      { as: 'status', status: 502, body: '<html>bad gateway</html>' },
      'language_model_unavailable',
      true,
    ],
    ['504', error(504), 'timeout', true],
    ['a cut before any text', { as: 'cut', text: '' }, 'language_model_unavailable', true],
    ['a cut in the middle', { as: 'cut', text: 'Half an' }, 'language_model_unavailable', true],
    [
      'a content filter',
      { as: 'answer', text: 'Half', finish: 'content_filter' },
      'language_model_refused',
      false,
    ],
    ['a refusal', sse('{"choices":[{"delta":{"refusal":"no"}}]}'), 'language_model_refused', false],
    ['an empty answer', { as: 'answer', text: '' }, 'language_model_unavailable', true],
    ['an empty body', { as: 'raw', body: '' }, 'language_model_unavailable', true],
    ['broken JSON', sse('{"choices": [{canary-text'), 'language_model_unavailable', true],
    ['JSON of another kind', sse('{"hello":1}'), 'language_model_unavailable', true],
    ['null', sse('null'), 'language_model_unavailable', true],
    [
      'an error in the stream',
      sse('{"error":{"message":"canary-text"}}'),
      'language_model_unavailable',
      true,
    ],
    [
      'a web page',
      { as: 'raw', body: '<html>canary-text</html>', type: 'text/html' },
      'language_model_unavailable',
      true,
    ],
    ['binary', { as: 'raw', body: '\u0000\u0001\ufffd'.repeat(1_000) }, 'language_model_unavailable', true],
    ['a line of 10 MB', sse(`"${'x'.repeat(10_000_000)}"`), 'language_model_unavailable', true],
    ['10 MB without a line', { as: 'raw', body: 'x'.repeat(10_000_000) }, 'language_model_unavailable', true],
  ] as const)('tells %s from the others', async (_, behaviour, code, retryable) => {
    server.behave(behaviour);
    const { error: told, ending } = await run();
    expect(told).toMatchObject({ code, retryable });
    expect(ending).toBeUndefined();
    expect(
      `${told?.message} ${told?.cure} ${told?.cause} ${(told?.cause as Error | undefined)?.stack}`,
    ).not.toMatch(/canary/);
  });

  it('keeps what came before a cut', async () => {
    server.behave({ as: 'cut', text: 'Half an answer' });
    expect((await run()).text).toBe('Half an answer');
  });

  it('tries again once before any text, never after', async () => {
    const before = server.requests.length;
    server.behave([
      { as: 'status', status: 500 },
      { as: 'answer', text: 'Yes [1].' },
    ]);
    expect((await run()).text).toBe('Yes [1].');
    expect(server.requests.length - before).toBe(2);
    server.behave({ as: 'cut', text: 'Half' });
    await run();
    expect(server.requests.length - before).toBe(3);
  });

  it('names the pause the server asks for', async () => {
    server.behave({ as: 'status', status: 400, headers: { 'retry-after': '7' } });
    expect((await run()).error?.retryAfterMs).toBe(7_000);
  });

  it.each([
    ['a hang', { as: 'hang' }, { firstTokenMs: 60 }, '', /begin/],
    ['a stall', { as: 'stall', text: 'Half' }, { idleMs: 60 }, 'Half', /middle/],
    ['a slow drip', { as: 'drip', text: 'word '.repeat(200), gapMs: 20 }, { totalMs: 200 }, 'word', /finish/],
    [
      'a storm of 429',
      { as: 'status', status: 429, headers: { 'retry-after': '30' } },
      { totalMs: 80 },
      '',
      /finish/,
    ],
  ] as const)('ends %s by its own clock', async (_, behaviour, limits, text, message) => {
    server.behave(behaviour);
    const { error: told, text: came } = await run(limits);
    expect(told).toMatchObject({ code: 'timeout', retryable: true });
    expect(told?.message).toMatch(message);
    expect(came.startsWith(text)).toBe(true);
  });

  it('stops when the caller does', async () => {
    server.behave({ as: 'stall', text: 'Half' });
    const caller = new AbortController();
    setTimeout(() => caller.abort(), 60);
    expect((await run({}, caller.signal)).error).toMatchObject({ code: 'draining' });
    expect((await run({}, AbortSignal.abort())).error).toMatchObject({ code: 'draining' });
  });

  it('says that nobody is there', async () => {
    const { error: told } = await run({ baseURL: 'http://127.0.0.1:9/v1' });
    expect(told).toMatchObject({ code: 'language_model_unavailable', retryable: true });
  });

  it('logs neither the key nor any text', async () => {
    const lines: string[] = [];
    const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
    server.behave({ as: 'answer', text: 'canary-text [1]' });
    await run({ log });
    expect(lines.join()).toContain('test-model');
    expect(lines.join()).not.toMatch(/canary|hold/i);
  });
});
