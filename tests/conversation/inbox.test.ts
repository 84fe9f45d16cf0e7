// The inbox: each message once, threads in order and side by side, nothing dropped in silence.
import { setTimeout as wait } from 'node:timers/promises';
import fc from 'fast-check';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { History } from '../../src/conversation/history.js';
import { MemoryInbox } from '../../src/conversation/inbox.js';
import type { IncomingMessage } from '../../src/conversation/message.js';

const log = pino({ level: 'silent' });

function message(id: string, thread = 't1', over: Partial<IncomingMessage> = {}): IncomingMessage {
  return {
    id,
    thread: { platform: 'slack', tenant: 'T', key: thread },
    author: { id: 'U1', tenant: 'T', kind: 'human' },
    surface: 'channel',
    addressed: 'mention',
    visibility: 'thread',
    text: 'a question',
    attachments: [],
    receivedAt: new Date(0),
    attempt: 1,
    address: '',
    ...over,
  };
}

/** An inbox whose answers end when the test says so. */
function heldInbox(limits = { parallel: 8, waiting: 10 }) {
  const started: string[] = [];
  const endings = new Map<string, () => void>();
  let time = 1_000_000;
  const inbox = new MemoryInbox({
    limits,
    log,
    now: () => time,
    answer: (each, signal) =>
      new Promise((resolve) => {
        started.push(each.id);
        endings.set(each.id, resolve);
        signal.addEventListener('abort', () => resolve());
      }),
  });
  const end = async (id: string) => {
    endings.get(id)?.();
    await wait(0);
  };
  return { inbox, started, end, pass: (ms: number) => (time += ms) };
}

describe('MemoryInbox', () => {
  it('answers a message once, however often and in whatever order it is delivered', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 40 }), async (deliveries) => {
        const answered: string[] = [];
        const inbox = new MemoryInbox({
          limits: { parallel: 3, waiting: 100 },
          log,
          now: () => 0,
          answer: async ({ id }) => {
            answered.push(id);
          },
        });
        const admissions = await Promise.all(
          deliveries.map((n) => inbox.accept(message(`m${n}`, `t${n % 3}`))),
        );
        await inbox.drain(AbortSignal.timeout(5_000));
        const distinct = new Set(deliveries.map((n) => `m${n}`));
        expect(admissions.filter((admission) => admission === 'accepted')).toHaveLength(distinct.size);
        expect(answered.sort()).toEqual([...distinct].sort());
      }),
      { numRuns: 50 },
    );
  });

  it('keeps the order of a thread and lets other threads pass', async () => {
    const { inbox, started, end } = heldInbox();
    for (const [id, thread] of [
      ['a1', 'a'],
      ['a2', 'a'],
      ['b1', 'b'],
      ['a3', 'a'],
    ] as const) {
      await inbox.accept(message(id, thread));
    }
    expect(started).toEqual(['a1', 'b1']);
    await end('a1');
    expect(started).toEqual(['a1', 'b1', 'a2']);
    await end('a2');
    expect(started).toEqual(['a1', 'b1', 'a2', 'a3']);
  });

  it('answers no more at once than it may', async () => {
    const { inbox, started, end } = heldInbox({ parallel: 2, waiting: 10 });
    for (const id of ['1', '2', '3']) await inbox.accept(message(id, id));
    expect(started).toEqual(['1', '2']);
    await end('2');
    expect(started).toEqual(['1', '2', '3']);
  });

  it('refuses what it cannot hold, and takes the next delivery of it', async () => {
    const { inbox, end } = heldInbox({ parallel: 1, waiting: 1 });
    expect(await inbox.accept(message('1', 'a'))).toBe('accepted');
    expect(await inbox.accept(message('2', 'b'))).toBe('accepted');
    expect(await inbox.accept(message('3', 'c'))).toBe('overloaded');
    await end('1');
    expect(await inbox.accept(message('3', 'c', { attempt: 2 }))).toBe('accepted');
  });

  it('remembers a message for a day', async () => {
    const { inbox, end, pass } = heldInbox();
    await inbox.accept(message('1'));
    await end('1');
    pass(23 * 3_600_000);
    expect(await inbox.accept(message('1'))).toBe('duplicate');
    pass(2 * 3_600_000);
    expect(await inbox.accept(message('1'))).toBe('accepted');
  });

  it('goes on after an answer that failed', async () => {
    const answered: string[] = [];
    const inbox = new MemoryInbox({
      limits: { parallel: 1, waiting: 10 },
      log,
      now: () => 0,
      answer: async ({ id }) => {
        answered.push(id);
        if (id === '1') throw new Error('boom');
      },
    });
    await inbox.accept(message('1', 'same'));
    await inbox.accept(message('2', 'same'));
    await inbox.drain(AbortSignal.timeout(5_000));
    expect(answered).toEqual(['1', '2']);
  });

  it('drains: takes nothing more, finishes what it took, and tells what runs too long to stop', async () => {
    const { inbox, started, end } = heldInbox({ parallel: 1, waiting: 10 });
    await inbox.accept(message('1', 'a'));
    await inbox.accept(message('2', 'b'));
    const patience = new AbortController();
    const drained = inbox.drain(patience.signal);
    expect(await inbox.accept(message('3', 'c'))).toBe('draining');
    await end('1');
    expect(started).toEqual(['1', '2']);
    patience.abort();
    await drained;
  });
});

describe('History', () => {
  it('knows the last turns of a thread, oldest first, and nothing of other threads', () => {
    const history = new History(() => 0);
    for (let turn = 1; turn <= 8; turn++)
      history.add(message(`${turn}`), { question: `q${turn}`, answer: `a${turn}` });
    expect(history.turnsBefore(message('next')).map(({ question }) => question)).toEqual([
      'q3',
      'q4',
      'q5',
      'q6',
      'q7',
      'q8',
    ]);
    expect(history.turnsBefore(message('next', 'another'))).toEqual([]);
  });

  it('keeps private answers for their asker', () => {
    const history = new History(() => 0);
    const mine = message('1', 't', { visibility: 'asker' });
    history.add(mine, { question: 'q', answer: 'a' });
    const theirs = message('2', 't', {
      visibility: 'asker',
      author: { id: 'U2', tenant: 'T', kind: 'human' },
    });
    expect(history.turnsBefore(mine)).toHaveLength(1);
    expect(history.turnsBefore(theirs)).toEqual([]);
    expect(history.turnsBefore(message('3', 't'))).toEqual([]);
  });

  it('forgets after a day', () => {
    let time = 1;
    const history = new History(() => time);
    history.add(message('1'), { question: 'q', answer: 'a' });
    time += 25 * 3_600_000;
    expect(history.turnsBefore(message('2'))).toEqual([]);
  });
});
