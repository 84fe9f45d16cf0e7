// Each message gets exactly one answer or one notice.
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { Answer } from '../../src/conversation/answer.js';
import type { Turn } from '../../src/conversation/message.js';
import type { Delivery } from '../../src/conversation/reply.js';
import { ChipwrightError } from '../../src/errors.js';
import { createOrchestrator, type Orchestrator } from '../../src/orchestrator/orchestrator.js';
import { respond } from '../../src/orchestrator/respond.js';
import {
  message,
  passage,
  recordingReply,
  retrieverOf,
  tools,
  writer,
} from '../support/orchestrator-doubles.js';

const GOOD =
  'Hold slack is checked at the fast corner [1]. Hold slack is checked with care at the fast corner [1].';
const works = createOrchestrator(
  tools({
    retriever: retrieverOf([passage('Hold slack is checked at the fast corner with care.')]),
    languageModel: writer([GOOD]),
  }),
);
const fails = (thrown: unknown): Orchestrator => ({
  // biome-ignore lint/correctness/useYield: it fails before its first event
  async *answer() {
    throw thrown;
  },
});

function world(
  orchestrator: Orchestrator,
  reply = recordingReply(),
  signal = new AbortController().signal,
  asked = message('Where is hold checked? canary-text'),
  apology?: 'late' | 'failed',
  rests: boolean[] = [],
) {
  const turns: Turn[] = [];
  const lines: string[] = [];
  const history = {
    turnsBefore: async () => turns,
    add: async (_: unknown, turn: Turn) => void turns.push(turn),
  };
  const remembered: string[] = [];
  const answers = {
    remember: async (_: unknown, { id }: Answer, { messageId }: Delivery) =>
      void remembered.push(`${id} as ${messageId}`),
  };
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  const response = respond({
    orchestrator,
    history,
    answers,
    message: asked,
    ...(apology === undefined ? {} : { apology }),
    rest: async () => rests.pop() ?? false,
    reply,
    signal,
    log,
    newId: () => 'ref-7',
  });
  return { response, reply, turns, remembered, lines };
}

describe('respond', () => {
  it('shows status and drafts, finishes with the answer, and remembers the exchange', async () => {
    const { response, reply, turns, remembered, lines } = world(works);
    expect(await response).toMatchObject({
      kind: 'answer',
      delivery: { messageId: 'sent' },
      trace: { mode: 'hybrid' },
    });
    expect(reply.stages).toEqual(['searching', 'writing']);
    expect(reply.drafts).toHaveLength(1);
    expect([reply.answers.length, reply.notices.length]).toEqual([1, 0]);
    expect(turns).toEqual([{ question: 'Where is hold checked? canary-text', answer: GOOD }]);
    expect(remembered).toEqual([`${reply.answers[0]?.id} as sent`]);
    expect(lines.join()).not.toMatch(/canary|corner/);
  });

  it.each([
    [new ChipwrightError('index_unavailable', 'x', { cure: 'y' }), 'degraded'],
    [new ChipwrightError('encoder_unavailable', 'x', { cure: 'y' }), 'degraded'],
    [new ChipwrightError('overloaded', 'x', { cure: 'y' }), 'busy'],
    [new ChipwrightError('timeout', 'x', { cure: 'y' }), 'error'],
    [new TypeError('secret-cause'), 'error'],
    ['a string', 'error'],
    [undefined, 'error'],
  ])(
    'turns %s into one notice that names a reference, with the cause in the log alone',
    async (thrown, kind) => {
      const { response, reply, turns, lines } = world(fails(thrown));
      expect(await response).toMatchObject({ kind: 'notice', notice: { kind, reference: 'ref-7' } });
      expect([reply.answers.length, reply.notices.length, turns.length]).toEqual([0, 1, 0]);
      expect(reply.notices[0]?.text).not.toMatch(/secret|Error|undefined/);
      expect(lines.join()).toContain('ref-7');
    },
  );

  it('says nothing when it is stopped, so that the message can be answered another time', async () => {
    const stopped = new Error('stopped');
    const { response, reply } = world(fails(new Error('x')), recordingReply(), AbortSignal.abort(stopped));
    await expect(response).rejects.toBe(stopped);
    expect([reply.answers, reply.notices]).toEqual([[], []]);
  });

  it.each([
    ['late', /within ten minutes.*ask again/],
    ['failed', /several times.*ref-7/],
  ] as const)('apologises (%s) without trying to answer', async (apology, words) => {
    const { response, reply } = world(fails(new Error('x')), recordingReply(), undefined, undefined, apology);
    expect(await response).toMatchObject({ kind: 'notice', notice: { reference: 'ref-7' } });
    expect(reply.notices.map(({ text }) => text)).toEqual([expect.stringMatching(words)]);
  });

  it('asks for a question when there is none', async () => {
    const { response } = world(works, recordingReply(), undefined, message(' ', { attachments: ['a.log'] }));
    expect(await response).toMatchObject({
      notice: { kind: 'empty', text: expect.stringContaining('cannot read attached files') },
    });
  });

  it('tries a notice when the answer is not taken, and rejects when that is not taken either', async () => {
    const refused = new ChipwrightError('delivery_rejected', 'x', { cure: 'y' });
    const half = recordingReply({ finish: () => Promise.reject(refused) });
    expect(await world(works, half).response).toMatchObject({ kind: 'notice' });
    const none = recordingReply({
      finish: () => Promise.reject(refused),
      fail: () => Promise.reject(refused),
    });
    await expect(world(works, none).response).rejects.toBe(refused);
  });

  it('keeps an answer until the platform takes it, and lets no apology take its place', async () => {
    const away = new ChipwrightError('delivery_rejected', 'x', { cure: 'y', retryable: true });
    let tries = 0;
    const back = recordingReply({
      finish: async () => {
        if (++tries < 3) throw away;
        return { messageId: 'sent', parts: 1 };
      },
    });
    const kept = world(works, back, undefined, undefined, undefined, [true, true]);
    expect(await kept.response).toMatchObject({ kind: 'answer', delivery: { messageId: 'sent' } });
    expect(kept.turns).toHaveLength(1);
    const never = recordingReply({ finish: () => Promise.reject(away) });
    const late = world(works, never, undefined, undefined, undefined, [true]);
    await expect(late.response).rejects.toBe(away);
    expect([never.notices.length, late.turns.length]).toEqual([0, 0]);
  });

  it('is not held up by a draft that hangs or fails', async () => {
    for (const stream of [() => new Promise<void>(() => {}), () => Promise.reject(new Error('x'))]) {
      expect(await world(works, recordingReply({ stream })).response).toMatchObject({ kind: 'answer' });
    }
  });

  it('does not take a skill without an answer for an answer', async () => {
    const mute: Orchestrator = {
      async *answer() {
        yield { type: 'status', stage: 'searching' };
      },
    };
    expect(await world(mute).response).toMatchObject({ notice: { kind: 'error' } });
  });
});
