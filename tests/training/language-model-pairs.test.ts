// Pairs written by a language model, over its real protocol: what is kept, what is dropped and why, and what happens when it fails.
import { randomBytes } from 'node:crypto';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAiLanguageModel } from '../../src/language-model/openai.js';
import { AnswerJournal } from '../../src/training/answer-journal.js';
import type { Corpus } from '../../src/training/corpus.js';
import { withoutFalseNegatives } from '../../src/training/false-negatives.js';
import { languageModelPairs, type PairRequest, questionIn } from '../../src/training/language-model-pairs.js';
import { makePairs } from '../../src/training/make-pairs.js';
import { type AskingTools, PatientAsker } from '../../src/training/patient-asker.js';
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
let tools: AskingTools;
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

const ask = (request: PairRequest, changed: Partial<AskingTools> = {}, from: Corpus = corpus) => {
  const asker = new PatientAsker({ ...tools, ...changed });
  return languageModelPairs(from, request, asker).then((result) => ({ ...result, asker }));
};

const isJudging = ({ messages }: StandInRequest) => messages[0]?.content.includes('YES') === true;
const say = (text: string): Behaviour => ({ as: 'answer', text });

/** A question of its own for each passage. */
const ownQuestion = ({ passages }: StandInRequest) =>
  say(`1. **How do I keep ${passages[0]?.title.replaceAll(' > ', ' and ')} from trouble tonight?** [1]`);

describe('languageModelPairs', () => {
  it('asks for a question, checks it, and keeps what passes', async () => {
    server.behave((request) => (isJudging(request) ? say('Yes.') : ownQuestion(request)));
    const { pairs, dropped } = await ask({ samples: 10, examples: ['why is it hot'] });
    expect(pairs).toHaveLength(10);
    for (const { question, passage, origin } of pairs) {
      expect(question).toMatch(/^How do I keep The .* tonight\?$/);
      expect(origin).toEqual({
        kind: 'language-model',
        documents: [`manual:${passage.id.split('#')[0]}`],
        model: 'stand-in',
      });
    }
    expect(Object.values(dropped).every((count) => count === 0)).toBe(true);
    expect(server.requests[0]?.messages[0]?.content).toContain('why is it hot');
    expect(server.requests[0]?.passages).toHaveLength(1);
  });

  it('writes about the documents that may be trained on, and no others', async () => {
    server.behave((request) => (isJudging(request) ? say('YES') : ownQuestion(request)));
    const { pairs } = await ask({ samples: 100, seed: 5 });
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
    const { pairs, dropped } = await ask({ samples: 6 });
    expect(pairs.length).toBeLessThanOrEqual(reason === 'asked before' ? 1 : 3);
    expect(dropped[reason as keyof typeof dropped]).toBeGreaterThan(0);
  });

  it('tries again after a failure that may pass, and waits in between', async () => {
    let failures = 0;
    server.behave((request) => {
      if (!isJudging(request) && failures++ < 2) return { as: 'status', status: 503 };
      return isJudging(request) ? say('YES') : ownQuestion(request);
    });
    const { pairs } = await ask({ samples: 4 }, { parallel: 1 });
    expect(pairs).toHaveLength(4);
  });

  it('stops asking an endpoint that is gone after few requests, and says why', async () => {
    server.behave({ as: 'status', status: 401, body: '{"error":{"message":"bad key"}}' });
    const { pairs, asker } = await ask({ samples: 50 });
    expect(pairs).toEqual([]);
    expect(asker.problem).toMatchObject({ code: 'language_model_unavailable', retryable: false });
    expect(server.requests.length).toBeLessThan(10);
  });

  it('stops asking an endpoint that is always overloaded, and keeps what it gave before', async () => {
    server.behave((request) => {
      if (server.requests.length > 12) return { as: 'status', status: 503 };
      return isJudging(request) ? say('YES') : ownQuestion(request);
    });
    const { pairs, asker } = await ask({ samples: 50 }, { parallel: 1 });
    expect(asker.problem).toMatchObject({ code: 'language_model_unavailable', retryable: true });
    expect(pairs.length).toBeGreaterThanOrEqual(4);
    expect(waits.length).toBeGreaterThan(0);
    expect(server.requests.length).toBeLessThan(60);
  }, 120_000);

  it('loses one passage alone to a request that is rejected', async () => {
    server.behave((request) => {
      if (server.requests.length === 3) return { as: 'status', status: 400 };
      return isJudging(request) ? say('YES') : ownQuestion(request);
    });
    const { pairs, dropped, asker } = await ask({ samples: 10 }, { parallel: 1 });
    expect(asker.problem).toBeUndefined();
    expect(pairs).toHaveLength(10);
    expect(dropped.failed).toBe(1);
  });

  it('does not wait twice for a model that never answers', async () => {
    server.behave({ as: 'hang' });
    const languageModel = openAiLanguageModel({
      baseUrl: server.baseURL,
      model: 'stand-in',
      fetch: globalThis.fetch,
      log: pino({ level: 'silent' }),
      randomBytes,
      deadlines: { firstTokenMs: 30, idleMs: 30, totalMs: 60 },
    });
    const { pairs, asker } = await ask({ samples: 50 }, { languageModel, parallel: 1 });
    expect(pairs).toEqual([]);
    expect(asker.problem).toMatchObject({ code: 'timeout' });
    expect(waits).toEqual([]);
  });

  it('asks no more than it may', async () => {
    server.behave((request) => (isJudging(request) ? say('YES') : ownQuestion(request)));
    const { pairs, asker } = await ask({ samples: 50, most: 9 });
    expect(server.requests.length).toBe(8);
    expect(asker.asked).toBe(8);
    expect(pairs).toHaveLength(4);
  });

  it('sends only passages that everybody may read', async () => {
    server.behave((request) => (isJudging(request) ? say('YES') : ownQuestion(request)));
    const [first] = corpus.chunks;
    const closed = {
      ...corpus,
      chunks: corpus.chunks.map((chunk) =>
        chunk.document.id === first?.document.id
          ? chunk
          : { ...chunk, document: { ...chunk.document, audience: ['team-timing'] } },
      ),
    };
    await ask({ samples: 100 }, {}, closed);
    const own = new Set(
      closed.chunks.filter(({ document }) => document.audience.includes('public')).map(({ text }) => text),
    );
    for (const { passages } of server.requests) expect([...own].join('\n')).toContain(passages[0]?.text);
  });

  it('drops a real question that comes back as it was shown, and one that leads elsewhere', async () => {
    const real = 'Why is the oven door hot at night?';
    server.behave((request) =>
      isJudging(request)
        ? say('YES')
        : server.requests.length % 2 === 0
          ? say(real)
          : say('Why should I read https://evil.example.com/ovens tonight?'),
    );
    const { pairs, dropped } = await ask({ samples: 8, examples: [real] }, { parallel: 1 });
    expect(pairs).toEqual([]);
    expect(dropped['asked before']).toBeGreaterThan(0);
    expect(dropped['no question']).toBeGreaterThan(0);
  });

  it('does not ask again what was answered before it was stopped', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'chipwright-journal-'));
    const file = join(folder, 'answers.jsonl');
    try {
      server.behave((request) => (isJudging(request) ? say('YES') : ownQuestion(request)));
      const expected = await ask({ samples: 10 });
      const stop = new AbortController();
      const before = server.requests.length;
      server.behave((request) => {
        if (server.requests.length === before + 9) stop.abort(new Error('enough'));
        return isJudging(request) ? say('YES') : ownQuestion(request);
      });
      const journal = await AnswerJournal.open(file);
      await expect(ask({ samples: 10 }, { journal, parallel: 1, signal: stop.signal })).rejects.toThrow(
        'enough',
      );
      // As a crash in the middle of a line leaves it.
      await appendFile(file, '["abc","Why d');
      const asked = server.requests.length;
      const again = await AnswerJournal.open(file);
      expect(again.size).toBe(8);
      const { pairs } = await ask({ samples: 10 }, { journal: again });
      expect(pairs).toEqual(expected.pairs);
      // The one that was under way was lost.
      expect(server.requests.length - asked).toBe(before - 8);
      expect((await AnswerJournal.open(file)).size).toBe(before);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('stops with the reason of the signal', async () => {
    const stop = new AbortController();
    server.behave((request) => {
      stop.abort(new Error('enough'));
      return ownQuestion(request);
    });
    await expect(ask({ samples: 50 }, { signal: stop.signal })).rejects.toThrow('enough');
  });

  it('logs neither documents nor questions', async () => {
    server.behave((request) => (isJudging(request) ? say('YES') : ownQuestion(request)));
    await ask({ samples: 5 });
    expect(logged).toContain('language model answered');
    expect(logged).not.toMatch(/tonight|oven|operator|controller/);
  });
});

describe('withoutFalseNegatives', () => {
  const texts = ['answers it', 'does not', 'unclear', 'never looked at'];
  const small = corpusOf([
    { path: 'a.md', title: 'A', sections: texts.map((text) => [[text], text] as const) },
  ]);
  const negatives = small.chunks.map(({ id, text }) => ({ id, text }));
  const [answering = '', wrong = ''] = negatives.map(({ id }) => id);
  const pair = {
    question: 'How hot may it get?',
    passage: { id: 'right', text: 'It may get 90 degrees.' },
    negatives,
    notWrong: ['copy'],
    origin: { kind: 'option' as const, documents: ['manual:a'] },
  };
  const judge = ({ passages }: StandInRequest) => {
    const text = passages[0]?.text ?? '';
    return say(text.includes('answers') ? 'Yes' : text.includes('unclear') ? 'Perhaps.' : 'No');
  };

  it('moves negatives that answer the question to those that are not wrong', async () => {
    server.behave(judge);
    const { pairs, removed } = await withoutFalseNegatives([pair], small, 3, new PatientAsker(tools));
    expect(pairs[0]?.negatives.map(({ id }) => id)).toEqual([wrong]);
    expect(pairs[0]?.notWrong).toEqual(['copy', answering]);
    expect(removed).toBe(2);
  });

  it('leaves pairs alone that it may not ask about any more, and those of an endpoint that is gone', async () => {
    server.behave(judge);
    const few = await withoutFalseNegatives([pair, pair], small, 5, new PatientAsker(tools));
    expect(few.pairs[0]?.negatives).toHaveLength(1);
    expect(few.pairs[1]).toEqual(pair);
    server.behave({ as: 'status', status: 401 });
    const gone = await withoutFalseNegatives([pair, pair], small, 99, new PatientAsker(tools));
    expect(gone.pairs.at(-1)).toEqual(pair);
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
