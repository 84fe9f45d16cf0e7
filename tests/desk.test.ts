// From an accepted or refused message to what its platform is told, with the real inbox between them.
import { trace } from '@opentelemetry/api';
import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';
import { noAudit } from '../src/conversation/audit.js';
import type { IncomingMessage } from '../src/conversation/message.js';
import type { Platform } from '../src/conversation/platform.js';
import { type Desk, openDesk } from '../src/desk.js';
import { createOrchestrator } from '../src/orchestrator/orchestrator.js';
import { openSqliteStore } from '../src/storage/sqlite-store.js';
import { eventually } from './support/eventually.js';
import { message, passage, recordingReply, retrieverOf, tools } from './support/orchestrator-doubles.js';
import { recordedMetrics } from './support/recorded-metrics.js';

const START = 1_000_000_000;
const desks: Desk[] = [];
afterEach(async () => {
  for (const { inbox, queue, store } of desks.splice(0)) {
    await queue.stop();
    await inbox.drain(AbortSignal.abort(new Error('over')));
    await store.close();
  }
});

async function world(limits: { perMinutePerPerson?: number; parallel?: number }, now = START) {
  const replies = new Map<string, ReturnType<typeof recordingReply>>();
  const platform: Platform = {
    name: 'slack',
    routes: [],
    start: async () => {},
    stop: async () => {},
    check: async () => ({ ok: true, detail: '' }),
    replyTo({ id }) {
      const reply = recordingReply();
      replies.set(id, reply);
      return reply;
    },
  };
  const lines: string[] = [];
  const { metrics, told } = recordedMetrics();
  let ids = 0;
  const desk = openDesk({
    store: await openSqliteStore(':memory:'),
    served: [platform],
    orchestrator: createOrchestrator(
      tools({ retriever: retrieverOf([passage('Hold slack is checked at the fast corner with care.')]) }),
    ),
    limits: { parallel: 8, waiting: 100, ...limits },
    tools: {
      env: {},
      fetch: globalThis.fetch,
      now: () => now,
      newId: () => `ref-${++ids}`,
      log: pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) }),
      metrics,
      audit: noAudit,
      tracer: trace.getTracer('test'),
    },
  });
  desks.push(desk);
  desk.inbox.start();
  desk.queue.start();
  const send = (id: string, over: Partial<IncomingMessage> = {}) =>
    desk.watched.accept(
      message('Where is hold slack checked? canary-text', {
        id,
        thread: { platform: 'slack', tenant: 'T', key: id },
        receivedAt: new Date(START),
        ...over,
      }),
    );
  return { send, replies, told, lines };
}

it('answers within the limits, and beyond them says politely when to ask again', async () => {
  const { send, replies, told, lines } = await world({ perMinutePerPerson: 1 });
  expect([await send('m1'), await send('m2')]).toEqual(['accepted', 'limited']);
  await eventually(() => replies.get('m1')?.answers.length === 1, 'the answer');
  await eventually(() => replies.get('m2')?.notices.length === 1, 'the notice');
  const [notice] = replies.get('m2')?.notices ?? [];
  expect(notice).toMatchObject({ kind: 'busy' });
  expect(notice?.text).toMatch(/1 question .*ask again in a minute.*not take this question/);
  expect(told).toContainEqual(['received', 'slack', 'limited', 1]);
  expect(lines.join()).toContain(notice?.reference);
  expect(lines.join()).not.toContain('canary');
});

it('shows one who waits where the question stands', async () => {
  const { send, replies, told } = await world({ parallel: 0 }, START + 6_000);
  await send('m1');
  await send('m2');
  await eventually(() => replies.get('m2')?.stages.length === 1, 'the place of the second');
  expect(replies.get('m1')?.stages).toEqual([{ before: 0, first: true }]);
  expect(replies.get('m2')?.stages).toEqual([{ before: 1, first: true }]);
  expect(told).toContainEqual(['queue', 2, START]);
});
