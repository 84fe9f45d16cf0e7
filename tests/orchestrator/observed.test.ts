// What is counted of a question, for each way it can end.
import { describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../src/conversation/audit.js';
import { ChipwrightError } from '../../src/errors.js';
import { observed } from '../../src/orchestrator/observed.js';
import { createOrchestrator } from '../../src/orchestrator/orchestrator.js';
import { respond } from '../../src/orchestrator/respond.js';
import { tracedLanguageModel, tracedRetriever } from '../../src/orchestrator/traced.js';
import {
  message,
  passage,
  recordingReply,
  retrieverOf,
  tools,
  writer,
} from '../support/orchestrator-doubles.js';
import { recordedMetrics } from '../support/recorded-metrics.js';
import { recordingTracer } from '../support/recording-tracer.js';

const refused = new ChipwrightError('delivery_rejected', 'x', { cure: 'y' });
const GOOD =
  'Hold slack is checked at the fast corner [1]. Hold slack is checked with care at the fast corner [1].';
const usage = { inputTokens: 11, outputTokens: 7 };
const works = tools({
  retriever: retrieverOf([passage('Hold slack is checked at the fast corner with care.', { id: 'p-1' })]),
  languageModel: writer([GOOD, { finish: 'complete', usage }]),
});
const down = tools({
  retriever: { search: () => Promise.reject(new ChipwrightError('index_unavailable', 'x', { cure: 'y' })) },
});

async function told(with_ = works, reply = recordingReply(), signal = new AbortController().signal) {
  const { metrics, told } = recordedMetrics();
  const asked = message('Where is hold checked?');
  const { log, newId, now } = with_;
  const history = { turnsBefore: async () => [], add: async () => {} };
  const { tracer, spans, acceptedIn } = recordingTracer();
  const entries: AuditEntry[] = [];
  const audit = { record: (entry: AuditEntry) => void entries.push(entry) };
  const observing = { message: asked, reply, signal, metrics, audit, now, tracer, acceptedIn };
  const traced = {
    ...with_,
    retriever: tracedRetriever(with_.retriever, tracer),
    languageModel: with_.languageModel && tracedLanguageModel(with_.languageModel, tracer),
  };
  const orchestrator = createOrchestrator(traced);
  const ended = await observed(observing, (counted) =>
    respond({
      orchestrator,
      history,
      answers: { remember: async () => {} },
      message: asked,
      rest: async () => false,
      reply: counted,
      signal,
      log,
      newId,
    }),
  ).then(
    ({ kind }) => kind,
    () => 'rejected',
  );
  const of = (name: string) => told.filter(([called]) => called === name).map((call) => call.slice(1));
  return { ended, of, spans, entries };
}

describe('an observed question', () => {
  it('tells outcome, delivery, stages and tokens of an answer', async () => {
    const { ended, of } = await told();
    expect(ended).toBe('answer');
    expect(of('answered')).toEqual([['terminal', 'grounded']]);
    expect(of('delivered')).toEqual([['terminal', 'answer']]);
    expect(of('tokens')).toEqual([[11, 7]]);
    expect(of('stage').map(([stage]) => stage)).toEqual([
      'encode',
      'search',
      'generate',
      'first_token',
      'whole',
    ]);
    for (const [, seconds] of of('stage')) expect(seconds).toBeGreaterThan(0);
  });

  it('tells a notice by its kind', async () => {
    const { of } = await told(down);
    expect(of('answered')).toEqual([['terminal', 'degraded']]);
    expect(of('delivered')).toEqual([['terminal', 'notice']]);
    expect(of('stage').map(([stage]) => stage)).toEqual(['whole']);
  });

  it('tells what the platform did not take, and rejects as before', async () => {
    const reply = recordingReply({
      finish: () => Promise.reject(refused),
      fail: () => Promise.reject(refused),
    });
    const { ended, of } = await told(works, reply);
    expect(ended).toBe('rejected');
    expect(of('answered')).toEqual([['terminal', 'undelivered']]);
    expect(of('notDelivered')).toEqual([
      ['terminal', 'delivery_rejected'],
      ['terminal', 'delivery_rejected'],
    ]);
  });
});

describe('the spans of a question', () => {
  it('are retrieve, generate and deliver below it, and it below its acceptance', async () => {
    const { spans } = await told();
    expect(spans.map(({ name, parent, ended, failed }) => [name, parent, ended, failed])).toEqual([
      ['question', 'accept', true, undefined],
      ['retrieve', 'question', true, undefined],
      ['generate', 'question', true, undefined],
      ['deliver', 'question', true, undefined],
    ]);
    expect(spans[0]?.attributes).toMatchObject({ 'chipwright.outcome': 'grounded' });
    expect(spans[2]?.attributes).toMatchObject({ 'gen_ai.usage.input_tokens': 11 });
    expect(JSON.stringify(spans)).not.toMatch(/hold|corner/i);
  });

  it('tell a failure by its code alone', async () => {
    const { spans } = await told(down);
    expect(spans.map(({ name, failed }) => [name, failed])).toEqual([
      ['question', undefined],
      ['retrieve', 'index_unavailable'],
      ['deliver', undefined],
    ]);
    const reply = recordingReply({
      finish: () => Promise.reject(refused),
      fail: () => Promise.reject(refused),
    });
    const undelivered = await told(works, reply);
    expect(undelivered.spans[0]).toMatchObject({ failed: 'delivery_rejected', ended: true });
  });
});

describe('what the audit log gets of a question', () => {
  it('is who, where, when and on what it rests, in ids alone', async () => {
    const { entries } = await told();
    expect(entries).toEqual([
      {
        at: expect.stringMatching(/^1970-01-01T00:00:00\.\d{3}Z$/),
        message: 'm1',
        platform: 'terminal',
        tenant: 'local',
        thread: 'k',
        person: 'u1',
        surface: 'channel',
        visibility: 'thread',
        skill: 'question',
        outcome: 'grounded',
        reference: expect.stringMatching(/^id-/),
        passages: ['p-1'],
        cited: ['p-1'],
        generation: null,
        encoder: null,
        model: 'writer',
      },
    ]);
    expect(JSON.stringify(entries)).not.toMatch(/hold|corner/i);
  });

  it('is a notice by its reference, and a failure without one', async () => {
    expect((await told(down)).entries).toMatchObject([
      { outcome: 'degraded', reference: expect.stringMatching(/^id-/), passages: [], model: null },
    ]);
    const reply = recordingReply({
      finish: () => Promise.reject(refused),
      fail: () => Promise.reject(refused),
    });
    const undelivered = await told(works, reply);
    expect(undelivered.entries).toMatchObject([{ outcome: 'undelivered', reference: null }]);
  });
});
