// A question from its words to its answer, with every way it can go.
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { Turn } from '../../src/conversation/message.js';
import { ChipwrightError } from '../../src/errors.js';
import { questionSkill } from '../../src/orchestrator/question-skill.js';
import type { AnswerEvent } from '../../src/orchestrator/skill.js';
import { message, passage, quoter, retrieverOf, tools, writer } from '../support/orchestrator-doubles.js';

const PASSAGES = [
  passage('Hold slack is checked at the fast corner. It uses **minimum** delays.'),
  passage('Setup slack is checked at the slow corner.', { title: 'Setup', file: 'setup.md' }),
  passage('Only the timing team knows the fast corner of product X.', {
    title: 'Secret',
    file: 'x.md',
    audience: ['team-timing'],
  }),
];
const GOOD = 'Hold slack is checked at the fast corner [1]. Setup slack is checked at the slow corner [2].';
const failure = (code: 'timeout' | 'language_model_unavailable' | 'language_model_refused') =>
  new ChipwrightError(code, 'It failed.', { cure: 'Wait.' });

async function ask(
  over: Parameters<typeof tools>[0],
  asked = message('Where is hold checked?'),
  history: Turn[] = [],
  signal = new AbortController().signal,
) {
  const events: AnswerEvent[] = [];
  for await (const event of questionSkill(tools(over)).run(asked, { history, signal })) events.push(event);
  const last = events.at(-1);
  if (last?.type !== 'answer') throw new Error('no answer');
  expect(events.filter(({ type }) => type === 'answer')).toHaveLength(1);
  return {
    events,
    ...last,
    drafts: events.flatMap((event) => (event.type === 'draft' ? [event.markdown] : [])),
  };
}

describe('a question', () => {
  it('is answered with the citations it uses, as they stand in the index', async () => {
    const { answer, trace, events } = await ask({
      retriever: retrieverOf(PASSAGES),
      languageModel: writer([GOOD]),
    });
    expect(answer).toMatchObject({
      id: 'id-1',
      question: 'Where is hold checked?',
      markdown: GOOD,
      grounding: 'grounded',
      model: 'writer',
      nearest: [],
    });
    expect(answer.note).toBeUndefined();
    expect(answer.citations).toEqual([
      {
        marker: 1,
        passageId: PASSAGES[0]?.id,
        title: 'Timing guide',
        path: ['Checks'],
        place: 'timing.md:7',
        href: 'https://docs.example.com/timing.md#L7',
        excerpt: 'Hold slack is checked at the fast corner.',
        score: 0.9,
      },
      expect.objectContaining({
        marker: 2,
        title: 'Setup',
        excerpt: 'Setup slack is checked at the slow corner.',
      }),
    ]);
    expect(events.map((event) => (event.type === 'status' ? event.stage : event.type))).toEqual([
      'searching',
      'writing',
      'draft',
      'answer',
    ]);
    expect(trace).toMatchObject({
      mode: 'hybrid',
      confidence: 0.9,
      audience: ['public'],
      timings: { encodeMs: 1, searchMs: 2 },
    });
    expect(trace.passages.map(({ document }) => document)).toEqual(['docs:timing.md', 'docs:setup.md']);
  });

  it('shows drafts that only ever grow and that begin with something backed', async () => {
    const text = `Well now, let me see about this. ${GOOD}\n\n\`\`\`tcl\nreport_checks [9]\n\`\`\`\n\nMore is said nowhere. And https://evil.com too.`;
    const { drafts, answer } = await ask({
      retriever: retrieverOf(PASSAGES),
      languageModel: writer([...text]),
    });
    expect(drafts.length).toBeGreaterThan(2);
    expect(drafts[0]).toContain('[1]');
    drafts.forEach((draft, at) => {
      expect(draft.startsWith(drafts[at - 1] ?? '')).toBe(true);
      expect(draft).not.toContain('https://evil');
    });
    expect(answer.markdown.startsWith(drafts.at(-1) ?? '?')).toBe(true);
  });

  it.each(['', '  \n '])('that is empty (%j) is told so, without a search', async (text) => {
    const retriever = retrieverOf(PASSAGES);
    const { answer, trace } = await ask({ retriever }, message(text));
    expect(answer).toMatchObject({ grounding: 'refused', citations: [] });
    expect(answer.markdown).toContain('did not get a question');
    expect([retriever.asked, trace.mode]).toEqual([[], 'none']);
  });

  it('with files says that they were not read', async () => {
    const over = { retriever: retrieverOf(PASSAGES), languageModel: writer([GOOD]) };
    expect(
      (await ask(over, message('Where is hold checked?', { attachments: ['a.log', 'b.rpt'] }))).answer.note,
    ).toContain('2 attached files were not read');
    expect((await ask(over, message('', { attachments: ['a.log'] }))).answer.markdown).toContain(
      'cannot read attached files',
    );
  });

  it('is refused below the retriever’s confidence, and up to three different documents are shown, each with its nearest line', async () => {
    const many = [
      ...PASSAGES,
      ...['a', 'b', 'c'].map((file) => passage(`Text of ${file}.`, { file, title: file })),
    ];
    const model = writer([GOOD]);
    const { answer } = await ask({ retriever: retrieverOf([...many, ...many], 0.09), languageModel: model });
    expect(answer).toMatchObject({ grounding: 'refused', citations: [] });
    // With the line of each that shares a word with the question, and none where no line does.
    expect(answer.nearest.map(({ title, marker, excerpt }) => [title, marker, excerpt])).toEqual([
      ['Timing guide', 1, 'Hold slack is checked at the fast corner.'],
      ['Setup', 2, 'Setup slack is checked at the slow corner.'],
      ['a', 3, ''],
    ]);
    expect(answer.markdown).toMatch(/do not seem to hold.*Try/s);
    expect(answer.markdown).not.toMatch(/\[\d\]/);
    expect(model.prompts).toEqual([]);
    expect((await ask({ retriever: retrieverOf([]) })).answer).toMatchObject({
      grounding: 'refused',
      nearest: [],
    });
  });

  it('is quoted only when the passages surely fit, while a language model may look at doubtful ones', async () => {
    const doubtful = retrieverOf(PASSAGES, 0.3);
    expect((await ask({ retriever: doubtful, languageModel: null })).answer.grounding).toBe('refused');
    expect((await ask({ retriever: doubtful, languageModel: writer([GOOD]) })).answer.grounding).not.toBe(
      'refused',
    );
  });

  it.each([
    'The passages do not say that.',
    'Hold slack is checked at the fast corner.',
    'Hold slack is checked at the fast corner [9].',
    'Green cheese makes the moon [1].',
    '[1]',
    '',
  ])('is refused when the model writes %j', async (text) => {
    const { answer, drafts } = await ask({ retriever: retrieverOf(PASSAGES), languageModel: writer([text]) });
    expect(answer).toMatchObject({ grounding: 'refused', citations: [], model: 'writer' });
    expect(answer.nearest).toHaveLength(2);
    expect(drafts).toEqual([]);
  });

  it('says which share of the answer has nothing behind it', async () => {
    const { answer } = await ask({
      retriever: retrieverOf(PASSAGES),
      languageModel: writer([`${GOOD} The moon is made of green cheese.`]),
    });
    expect(answer).toMatchObject({
      grounding: 'partial',
      note: '1 of 3 statements could not be checked against the documents.',
    });
    expect(answer.markdown).toContain('green cheese');
  });

  it('without a model is answered in quotes, and says so', async () => {
    const { answer } = await ask({ retriever: retrieverOf(PASSAGES) });
    expect(answer).toMatchObject({
      grounding: 'grounded',
      model: 'extractive',
      note: 'No language model is configured: these are quotes from the documents.',
    });
    expect(answer.citations).toHaveLength(1);
  });

  it('is answered by a quote that ends in a few words of its own, which carry the source', async () => {
    const row = passage('`ROUTING_CORES`: Specifies the number of threads to use. (Default: `2`)');
    const quoting = writer([`${row.text} [1]`]);
    const { answer } = await ask({
      retriever: retrieverOf([row]),
      extractive: { ...quoter, stream: quoting.stream },
    });
    expect(answer.grounding).toBe('grounded');
    expect(answer.markdown).toContain('(Default: `2`) [1]');
    // What a model writes must carry something that can be checked.
    const refused = await ask({ retriever: retrieverOf([row]), languageModel: quoting });
    expect(refused.answer.grounding).toBe('refused');
  });

  it.each([
    ['timeout', 'did not answer in time'],
    ['language_model_unavailable', 'not available'],
    ['language_model_refused', 'declined'],
  ] as const)(
    'is answered in quotes when the model ends with %s before anything useful',
    async (code, words) => {
      for (const begun of [[], ['Well, let me see now. ']]) {
        const { answer } = await ask({
          retriever: retrieverOf(PASSAGES),
          languageModel: writer(begun, failure(code)),
        });
        expect(answer).toMatchObject({ model: 'extractive', grounding: 'grounded' });
        expect(answer.note).toContain(words);
      }
    },
  );

  it('keeps what a model wrote before it broke off, marked', async () => {
    const { answer } = await ask({
      retriever: retrieverOf(PASSAGES),
      languageModel: writer([GOOD, ' And th'], failure('timeout')),
    });
    expect(answer).toMatchObject({ grounding: 'partial', model: 'writer' });
    expect(answer.markdown).toContain('fast corner [1]');
    expect(answer.note).toContain('stopped in the middle');
  });

  it('says when the answer reached its length limit', async () => {
    const usage = { inputTokens: 3, outputTokens: 4 };
    const { answer, trace } = await ask({
      retriever: retrieverOf(PASSAGES),
      languageModel: writer([GOOD, { finish: 'cut', usage }]),
    });
    expect(answer).toMatchObject({ grounding: 'partial' });
    expect(answer.note).toContain('length limit');
    expect(trace.usage).toEqual(usage);
  });

  it('fails when the quoting itself fails', async () => {
    const broken = { ...quoter, stream: writer([], new TypeError('bug')).stream };
    await expect(ask({ retriever: retrieverOf(PASSAGES), extractive: broken })).rejects.toMatchObject({
      code: 'internal',
    });
  });

  it('reads for the readers of the answer', async () => {
    const directory = { groupsOf: async () => ['team-timing'] };
    const seen = async (over: Parameters<typeof message>[1]) => {
      const retriever = retrieverOf(PASSAGES);
      await ask({ retriever, directory }, message('Where?', over));
      return retriever.asked[0]?.tags;
    };
    expect(await seen({ surface: 'channel' })).toEqual(['public']);
    expect(await seen({ surface: 'direct' })).toEqual(['public', 'team-timing']);
    expect(await seen({ surface: 'direct', author: { id: 'g', tenant: 't', kind: 'guest' } })).toEqual([
      'public',
    ]);
  });

  it('withholds what the index should not have given, and says so in the log', async () => {
    const lines: string[] = [];
    const retriever = {
      search: async () => ({
        passages: PASSAGES,
        confidence: 1,
        mode: 'hybrid' as const,
        timings: { encodeMs: 0, searchMs: 0 },
      }),
    };
    const model = writer([GOOD]);
    const { trace } = await ask({
      retriever,
      languageModel: model,
      log: pino({}, { write: (line: string) => void lines.push(line) }),
    });
    expect(JSON.stringify([trace, model.prompts])).not.toContain('product X');
    expect(trace.passages).toHaveLength(2);
    expect(lines.join()).toContain('may not be read');
  });

  it('goes on from the question before', async () => {
    const retriever = retrieverOf(PASSAGES);
    const model = writer([GOOD]);
    await ask({ retriever, languageModel: model }, message('and for hold?'), [
      { question: 'Where is setup checked?', answer: 'At the slow corner [1].' },
    ]);
    expect(retriever.asked[0]?.text).toBe('Where is setup checked?\nand for hold?');
    expect(model.prompts[0]).toMatchObject({
      question: 'and for hold?',
      history: [{ answer: 'At the slow corner.' }],
    });
  });

  it('shows no link that may not be shown', async () => {
    const bad = [
      'http://docs.example.com/x',
      'javascript:alert(1)',
      'https://evil.com/x',
      'https://docs.example.com@evil.com/',
    ];
    for (const href of bad) {
      const { answer } = await ask({
        retriever: retrieverOf([passage('Hold slack is checked at the fast corner.', { href })]),
        languageModel: writer(['Hold slack is checked at the fast corner [1].']),
        linkHosts: ['docs.example.com'],
      });
      expect(answer.citations[0]).not.toHaveProperty('href');
    }
  });

  it('cuts excerpts at a word', async () => {
    const long = passage(`Hold slack ${'is checked at the fast corner and '.repeat(20)}so on.`);
    const { answer } = await ask({
      retriever: retrieverOf([long]),
      languageModel: writer(['Hold slack is checked at the fast corner [1].']),
    });
    expect(answer.citations[0]?.excerpt.length).toBeLessThanOrEqual(160);
    expect(answer.citations[0]?.excerpt).toMatch(/[a-z]…$/);
  });

  it('stops when it is told to, also when nobody else listens', async () => {
    const never = new Promise<never>(() => {});
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 30);
    await expect(
      ask({ retriever: { search: () => never } }, undefined, [], stop.signal),
    ).rejects.toMatchObject({ code: 'draining' });
    const deaf = {
      name: 'deaf',
      quotes: false,
      stream: () => ({ [Symbol.asyncIterator]: () => ({ next: () => never }) }),
    };
    const again = new AbortController();
    setTimeout(() => again.abort(), 30);
    await expect(
      ask({ retriever: retrieverOf(PASSAGES), languageModel: deaf }, undefined, [], again.signal),
    ).rejects.toMatchObject({ code: 'draining' });
  });
});

describe('a passage that stands in several places', () => {
  const at = (file: string, over: { audience?: string[]; source?: string; differs?: boolean } = {}) => {
    const { document } = passage('', { file, ...(over.audience ? { audience: over.audience } : {}) });
    return {
      document: { ...document, source: over.source ?? 'docs' },
      path: [],
      place: { line: 3 },
      differs: over.differs ?? false,
    };
  };
  const placesFor = async (...alsoIn: ReturnType<typeof at>[]) => {
    const found = passage('Hold slack is checked at the fast corner.', { alsoIn });
    const { answer } = await ask({
      retriever: retrieverOf([found]),
      languageModel: writer(['Hold slack is checked at the fast corner [1].']),
    });
    return answer.citations[0]?.alsoIn;
  };

  it('names the others with its source, and says where the words differ', async () => {
    expect(await placesFor(at('copy.md'), at('old.md', { differs: true }))).toEqual([
      'copy.md:3',
      'old.md:3 (another version)',
    ]);
    expect(await placesFor(at('timing.md', { source: 'flow' }))).toEqual(['flow: timing.md:3']);
  });

  it('names a few of many', async () => {
    const many = ['a', 'b', 'c', 'd', 'e'].map((name) => at(`${name}.md`));
    expect(await placesFor(...many)).toEqual(['a.md:3', 'b.md:3', 'c.md:3', '2 more']);
  });

  it('never names one that the readers of the answer may not read', async () => {
    expect(await placesFor(at('secret.md', { audience: ['team-timing'] }), at('b.md'))).toEqual(['b.md:3']);
    expect(await placesFor(at('secret.md', { audience: ['team-timing'] }))).toBeUndefined();
  });
});

describe('a passage with context', () => {
  const found = passage('- `-hold` takes minimum delays.', {
    context: { before: 'The command repair_timing inserts buffers.', after: '' },
  });

  it('is handed to the writer with it, and its line is shown where the answer rests on it', async () => {
    const languageModel = writer(['`repair_timing` inserts buffers [1].']);
    const { answer } = await ask({ retriever: retrieverOf([found]), languageModel });
    expect(languageModel.prompts[0]?.passages[0]).toMatchObject({
      text: found.text,
      context: { before: 'The command repair_timing inserts buffers.', after: '' },
    });
    expect(answer.citations).toMatchObject([
      { place: 'timing.md:7', excerpt: 'The command repair_timing inserts buffers.' },
    ]);
  });
});
