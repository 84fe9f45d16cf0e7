// Pairs written by a language model, over its real protocol: what is kept, what is dropped and why, and what happens when it fails.
import { randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAiLanguageModel } from '../../src/language-model/openai.js';
import {
  type LanguageModelTools,
  languageModelPairs,
  questionIn,
  withoutFalseNegatives,
} from '../../src/training/language-model-pairs.js';
import { makePairs } from '../../src/training/make-pairs.js';
import { corpusOf, MANUAL } from '../support/manual-corpus.js';
import {
  type Behaviour,
  type OpenAiStandIn,
  type StandInRequest,
  startOpenAiStandIn,
} from '../support/openai-stand-in.js';

const corpus = corpusOf(MANUAL);

let server: OpenAiStandIn;
let logged: string;
let waits: number[];
let tools: LanguageModelTools;
beforeEach(async () => {
  server = await startOpenAiStandIn();
  logged = '';
  waits = [];
  const lines = new PassThrough();
  lines.on('data', (piece: Buffer) => {
    logged += piece.toString();
  });
  tools = {
    languageModel: openAiLanguageModel({
      baseUrl: server.baseURL,
      model: 'stand-in',
      fetch: globalThis.fetch,
      log: pino({ level: 'trace' }, lines),
      randomBytes,
    }),
    signal: new AbortController().signal,
    wait: async (milliseconds) => {
      waits.push(milliseconds);
    },
    parallel: 3,
  };
});
afterEach(() => server.close());

const isJudging = ({ messages }: StandInRequest) => messages[0]?.content.includes('YES') === true;
const say = (text: string): Behaviour => ({ as: 'answer', text });

/** A question of its own for each passage. */
const ownQuestion = ({ passages }: StandInRequest) =>
  say(`1. **How do I keep ${passages[0]?.title.replaceAll(' > ', ' and ')} from trouble tonight?** [1]`);

describe('languageModelPairs', () => {
  it('asks for a question, checks it, and keeps what passes', async () => {
    server.behave((request) => (isJudging(request) ? say('Yes.') : ownQuestion(request)));
    const { pairs, dropped } = await languageModelPairs(
      corpus,
      { samples: 10, examples: ['why is it hot'] },
      tools,
    );
    expect(pairs).toHaveLength(10);
    for (const { question, passage, origin } of pairs) {
      expect(question).toMatch(/^How do I keep The .* tonight\?$/);
      expect(origin).toEqual({ kind: 'language-model', documents: [`manual:${passage.id.split('#')[0]}`] });
    }
    expect(Object.values(dropped).every((count) => count === 0)).toBe(true);
    expect(server.requests[0]?.messages[0]?.content).toContain('why is it hot');
    expect(server.requests[0]?.passages).toHaveLength(1);
  });

  it('writes about the documents that may be trained on, and no others', async () => {
    server.behave((request) => (isJudging(request) ? say('YES') : ownQuestion(request)));
    const { pairs } = await languageModelPairs(corpus, { samples: 100, seed: 5 }, tools);
    const held = makePairs(corpus, { seed: 5 }).development.flatMap(({ relevant }) => relevant);
    expect(held.length).toBeGreaterThan(0);
    const used = new Set(pairs.map(({ passage }) => passage.id));
    for (const id of held) expect(used).not.toContain(id);
  });

  it.each<[string, (request: StandInRequest) => Behaviour, string]>([
    ['NONE', () => say('NONE'), 'no question'],
    ['a lecture', () => say('The passage is about ovens and how they work in practice.'), 'no question'],
    [
      'the passage itself',
      ({ passages }) => say(`Is it true that ${passages[0]?.text.replace(/[.\n|].*/s, '')}?`),
      'copied',
    ],
    [
      'a question about "this passage"',
      () => say('What does this passage say about the oven door?'),
      'too vague',
    ],
    [
      'the same question again',
      (request) => (isJudging(request) ? say('YES') : say('How do I stop the machine safely?')),
      'asked before',
    ],
    [
      'a question the passage does not answer',
      (request) => (isJudging(request) ? say('NO, it does not.') : ownQuestion(request)),
      'not answered',
    ],
    [
      'an answer that was cut off',
      () => ({ as: 'answer', text: 'How do I keep the', finish: 'length' }),
      'failed',
    ],
    ['a refusal', () => ({ as: 'answer', text: '', finish: 'content_filter' }), 'failed'],
  ])('drops %s, and counts it', async (_name, behave, reason) => {
    server.behave(behave);
    const { pairs, dropped } = await languageModelPairs(corpus, { samples: 6 }, tools);
    expect(pairs.length).toBeLessThanOrEqual(reason === 'asked before' ? 1 : 3);
    expect(dropped[reason as keyof typeof dropped]).toBeGreaterThan(0);
  });

  it('tries again after a failure that may pass, and waits in between', async () => {
    let failures = 0;
    server.behave((request) => {
      if (!isJudging(request) && failures++ < 2) return { as: 'status', status: 503 };
      return isJudging(request) ? say('YES') : ownQuestion(request);
    });
    const { pairs } = await languageModelPairs(corpus, { samples: 4 }, { ...tools, parallel: 1 });
    expect(pairs).toHaveLength(4);
  });

  it('gives up with the error of an endpoint that is gone, after few requests', async () => {
    server.behave({ as: 'status', status: 401, body: '{"error":{"message":"bad key"}}' });
    await expect(languageModelPairs(corpus, { samples: 50 }, tools)).rejects.toMatchObject({
      name: 'ChipwrightError',
    });
    expect(server.requests.length).toBeLessThan(10);
  });

  it('gives up on an endpoint that is always overloaded', async () => {
    server.behave({ as: 'status', status: 503 });
    await expect(
      languageModelPairs(corpus, { samples: 50 }, { ...tools, parallel: 1 }),
    ).rejects.toMatchObject({
      code: 'language_model_unavailable',
    });
    expect(waits.length).toBeGreaterThan(0);
    expect(server.requests.length).toBeLessThan(60);
  }, 120_000);

  it('stops with the reason of the signal', async () => {
    const stop = new AbortController();
    server.behave((request) => {
      stop.abort(new Error('enough'));
      return ownQuestion(request);
    });
    await expect(
      languageModelPairs(corpus, { samples: 50 }, { ...tools, signal: stop.signal }),
    ).rejects.toThrow('enough');
  });

  it('logs neither documents nor questions', async () => {
    server.behave((request) => (isJudging(request) ? say('YES') : ownQuestion(request)));
    await languageModelPairs(corpus, { samples: 5 }, tools);
    expect(logged).toContain('language model answered');
    expect(logged).not.toMatch(/tonight|oven|operator|controller/);
  });
});

describe('withoutFalseNegatives', () => {
  it('moves negatives that answer the question to those that are not wrong', async () => {
    const pair = {
      question: 'How hot may it get?',
      passage: { id: 'right', text: 'It may get 90 degrees.' },
      negatives: [
        { id: 'a', text: 'answers it' },
        { id: 'b', text: 'does not' },
        { id: 'c', text: 'unclear' },
        { id: 'd', text: 'never looked at' },
      ],
      notWrong: ['copy'],
      origin: { kind: 'option' as const, documents: ['manual:a'] },
    };
    server.behave(({ passages }) => {
      const text = passages[0]?.text ?? '';
      return say(text.includes('answers') ? 'Yes' : text.includes('unclear') ? 'Perhaps.' : 'No');
    });
    const { pairs, removed } = await withoutFalseNegatives([pair], 3, tools);
    expect(pairs[0]?.negatives.map(({ id }) => id)).toEqual(['b']);
    expect(pairs[0]?.notWrong).toEqual(['copy', 'a']);
    expect(removed).toBe(2);
  });
});

it.each([
  ['How hot may the oven get?', 'How hot may the oven get?'],
  ['<think>Hmm?</think>\nQuestion: How hot may the oven get? [1]', 'How hot may the oven get?'],
  ['Sure, here is one:\n\n> "How hot may the oven get?"', 'How hot may the oven get?'],
  ['Why?', undefined],
  ['No question here.', undefined],
  ['', undefined],
])('reads the question out of %j', (answer, question) => {
  expect(questionIn(answer)).toBe(question);
});
