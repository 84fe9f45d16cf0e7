// The history of a thread: short, private where the answer was, gone after a day, and still there after a restart.
import { sql } from 'kysely';
import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';
import { History } from '../../src/conversation/history.js';
import type { IncomingMessage } from '../../src/conversation/message.js';
import type { Store } from '../../src/storage/store.js';
import { onEachEngine } from '../support/each-engine.js';

const log = pino({ level: 'silent' });
const HOUR = 3_600_000;

function message(id: string, over: Partial<IncomingMessage> = {}): IncomingMessage {
  return {
    id,
    thread: { platform: 'slack', tenant: 'T', key: 't1' },
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

onEachEngine('the history', (freshPlace) => {
  const opened: Store[] = [];
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
  });
  async function fresh(now = () => HOUR) {
    const place = await freshPlace();
    const open = async () => {
      const store = await place.open();
      opened.push(store);
      return { store, history: new History(store, now, log) };
    };
    return { ...(await open()), open };
  }

  it('knows the last turns of a thread, oldest first, and nothing of other threads', async () => {
    const { history } = await fresh();
    for (let turn = 1; turn <= 8; turn++)
      await history.add(message(`${turn}`), { question: `q${turn}\u0000`, answer: `a${turn}` });
    const before = await history.turnsBefore(message('next'));
    expect(before.map(({ question }) => question)).toEqual(
      ['q3', 'q4', 'q5', 'q6', 'q7', 'q8'].map((question) => `${question}\u0000`),
    );
    const elsewhere = { platform: 'slack', tenant: 'T', key: 'another' } as const;
    expect(await history.turnsBefore(message('next', { thread: elsewhere }))).toEqual([]);
  });

  it('survives a restart, and has a message that was answered anew once', async () => {
    const { store, history, open } = await fresh();
    await history.add(message('1'), { question: 'q', answer: 'before the crash' });
    await store.close();
    opened.length = 0;
    const { history: next } = await open();
    await next.add(message('1'), { question: 'q', answer: 'after the crash' });
    expect(await next.turnsBefore(message('1'))).toEqual([]);
    expect(await next.turnsBefore(message('2'))).toEqual([{ question: 'q', answer: 'after the crash' }]);
  });

  it('keeps private answers for their asker', async () => {
    const { history } = await fresh();
    const mine = message('1', { visibility: 'asker' });
    await history.add(mine, { question: 'q', answer: 'a' });
    const author = { id: 'U2', tenant: 'T', kind: 'human' } as const;
    expect(await history.turnsBefore({ ...mine, id: '4' })).toHaveLength(1);
    expect(await history.turnsBefore(message('2', { visibility: 'asker', author }))).toEqual([]);
    expect(await history.turnsBefore(message('3'))).toEqual([]);
  });

  it('forgets after a day, in the store too', async () => {
    let time = HOUR;
    const { store, history } = await fresh(() => time);
    await history.add(message('1'), { question: 'q', answer: 'a' });
    time += 25 * HOUR;
    expect(await history.turnsBefore(message('2'))).toEqual([]);
    const thread = { platform: 'slack', tenant: 'T', key: 'another' } as const;
    await history.add(message('2', { thread }), { question: 'q', answer: 'a' });
    expect(await store.db.selectFrom('turns').select('message').execute()).toHaveLength(1);
  });

  it('is empty where the store fails, and lets the answer go on', async () => {
    const { store, history } = await fresh();
    await sql`DROP TABLE turns`.execute(store.db);
    await history.add(message('1'), { question: 'q', answer: 'a' });
    expect(await history.turnsBefore(message('2'))).toEqual([]);
  });
});
