// The store keeps its contract on both engines: messages and exchanges, put, claimed, ended, given back, forgotten.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { AnswerStore } from '../../src/storage/answer-store.js';
import { MessageStore, type NewMessage } from '../../src/storage/message-store.js';
import { openPostgresStore } from '../../src/storage/postgres-store.js';
import { openSqliteStore } from '../../src/storage/sqlite-store.js';
import type { Store } from '../../src/storage/store.js';
import { TurnStore } from '../../src/storage/turn-store.js';
import { onEachEngine } from '../support/each-engine.js';

const MANY = { waiting: 1_000 };
const SLACK = ['slack'];

function message(key: string, over: Partial<NewMessage> = {}): NewMessage {
  const body = JSON.stringify({ text: `What is ${key}?\u0000` });
  return {
    key,
    platform: 'slack',
    thread: 't1',
    person: 'U1',
    workspace: 'T1',
    body,
    receivedAt: 1_000,
    ...over,
  };
}

onEachEngine('the store', (freshPlace) => {
  const opened: Store[] = [];
  async function fresh() {
    const place = await freshPlace();
    const open = async () => {
      const store = await place.open();
      opened.push(store);
      return { store, messages: new MessageStore(store), turns: new TurnStore(store) };
    };
    return { ...(await open()), open };
  }
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
  });

  it('makes its tables once, however many processes start at the same time, and keeps them', async () => {
    const place = await freshPlace();
    opened.push(...(await Promise.all((place.shared ? [1, 2, 3] : [1]).map(() => place.open()))));
    const [store] = opened as [Store];
    expect(await new MessageStore(store).put(message('m1'), MANY)).toBe('stored');
    for (const each of opened.splice(0)) await each.close();
    const again = await place.open();
    opened.push(again);
    expect(await new MessageStore(again).put(message('m1'), MANY)).toBe('known');
  });

  it('is not touched by a version that does not know its layout', async () => {
    const { store, open } = await fresh();
    await sql`UPDATE layout SET version = 99`.execute(store.db);
    await store.close();
    opened.length = 0;
    await expect(open()).rejects.toMatchObject({
      code: 'storage_unavailable',
      message: expect.stringContaining('layout 99'),
    });
  });

  it('keeps the last rating of each person, with what the answer rested on', async () => {
    const { store } = await fresh();
    const answers = new AnswerStore(store);
    const given = { question: 'How?', passages: ['p1', 'p2'], givenAt: 1_000 };
    await answers.add({ ...given, name: 'one' });
    await answers.add({ ...given, name: 'two', question: 'Why?', givenAt: 2_000 });
    await answers.add({ ...given, name: 'one', passages: ['p3'] });
    expect(await answers.rate('none', 'U1', 'helpful', 3_000)).toBe(false);
    for (const [name, person, verdict] of [
      ['two', 'U1', 'helpful'],
      ['one', 'U1', 'helpful'],
      ['one', 'U2', 'helpful'],
      ['one', 'U1', 'unhelpful'],
    ] as const) {
      expect(await answers.rate(name, person, verdict, 3_000)).toBe(true);
    }
    expect(await answers.rated()).toEqual([
      { question: 'How?', passages: ['p3'], helpful: 1, unhelpful: 1 },
      { question: 'Why?', passages: ['p1', 'p2'], helpful: 1, unhelpful: 0 },
    ]);
  });

  it('forgets answers that nobody rated, and rated ones later', async () => {
    const { store } = await fresh();
    const answers = new AnswerStore(store);
    for (const [name, givenAt] of [
      ['old', 100],
      ['rated', 200],
      ['unrated', 200],
      ['new', 300],
    ] as const) {
      await answers.add({ name, question: name, passages: [], givenAt });
      if (name === 'old' || name === 'rated') await answers.rate(name, 'U1', 'helpful', givenAt);
    }
    await answers.forget(300, 200);
    expect((await answers.rated()).map(({ question }) => question)).toEqual(['rated']);
    expect(await answers.rate('old', 'U1', 'helpful', 400)).toBe(false);
    expect(await answers.rate('unrated', 'U1', 'helpful', 400)).toBe(false);
    expect(await answers.rate('new', 'U1', 'helpful', 400)).toBe(true);
  });

  it('stores a message once, and no more than may wait', async () => {
    const { messages } = await fresh();
    expect(
      await Promise.all(['m1', 'm1', 'm1'].map((key) => messages.put(message(key), { waiting: 2 }))),
    ).toEqual(expect.arrayContaining(['stored', 'known', 'known']));
    expect(await messages.put(message('m2'), { waiting: 2 })).toBe('stored');
    expect(await messages.put(message('m3'), { waiting: 2 })).toBe('full');
    expect(await messages.put(message('m1'), { waiting: 2 })).toBe('known');
    expect(await messages.claim('a', SLACK)).toEqual({
      key: 'm1',
      body: message('m1').body,
      record: null,
      again: false,
      failures: 0,
    });
    expect(await messages.put(message('m3'), { waiting: 2 })).toBe('stored');
  });

  it('takes no more from a person or a workspace than it may, whichever process is asked', async () => {
    const place = await fresh();
    const other = place.messages; // SQLite has one process; a server has many.
    const again = (await freshPlace()).shared ? (await place.open()).messages : other;
    const limits = { ...MANY, perMinutePerPerson: 2, perMinutePerWorkspace: 4 };
    const put = (store: MessageStore, key: string, over: Partial<NewMessage> = {}) =>
      store.put(message(key, over), limits);
    expect(await put(other, 'm1')).toBe('stored');
    expect(await put(again, 'm2')).toBe('stored');
    // Answered ones count as well.
    const claimed = await other.claim('a', SLACK);
    await other.end('a', claimed?.key ?? '', 'answered');
    expect(await put(again, 'm3')).toEqual({ limit: 'perMinutePerPerson', isFirst: true });
    expect(await put(other, 'm3')).toBe('known');
    expect(await put(other, 'm4')).toEqual({ limit: 'perMinutePerPerson', isFirst: false });
    expect(await put(other, 'm5', { thread: 't2' })).toEqual({ limit: 'perMinutePerPerson', isFirst: true });
    expect(await put(other, 'm1')).toBe('known');
    const others = { person: 'U2', thread: 't3' };
    expect(await put(other, 'o1', others)).toBe('stored');
    expect(await put(again, 'o2', { ...others, person: 'U3' })).toBe('stored');
    expect(await put(again, 'o3', { ...others, person: 'U4' })).toEqual({
      limit: 'perMinutePerWorkspace',
      isFirst: true,
    });
    expect(await put(again, 'o4', { ...others, workspace: 'T2' })).toBe('stored');
    // A minute later all may ask again, and what was refused did not count.
    expect(await put(again, 'm6', { receivedAt: 61_000 })).toBe('stored');
    expect(await put(again, 'm7', { receivedAt: 61_000 })).toBe('stored');
    // A clock that was set back an hour keeps nobody out.
    expect(await put(again, 'm8', { receivedAt: 61_000 - 3_600_000 })).toBe('stored');
  });

  it('lets a person have so many waiting, and more once some are begun', async () => {
    const { messages } = await fresh();
    const limits = { waiting: 3, waitingPerPerson: 1 };
    expect(await messages.put(message('m1'), limits)).toBe('stored');
    expect(await messages.put(message('m2'), limits)).toEqual({ limit: 'waitingPerPerson', isFirst: true });
    expect(await messages.put(message('o1', { person: 'U2' }), limits)).toBe('stored');
    await messages.claim('a', SLACK);
    expect(await messages.put(message('m3', { thread: 't2' }), limits)).toBe('stored');
    // Too many of everybody is nobody's fault: the platform delivers it again.
    expect(await messages.put(message('o2', { person: 'U3' }), limits)).toBe('stored');
    expect(await messages.put(message('m4'), limits)).toBe('full');
  });

  it('forgets what it refused with the rest, and never answers it', async () => {
    const { messages } = await fresh();
    const limits = { ...MANY, perMinutePerPerson: 1 };
    await messages.put(message('m1'), limits);
    await messages.put(message('m2', { thread: 't2' }), limits);
    expect((await messages.claim('a', SLACK))?.key).toBe('m1');
    expect(await messages.claim('a', SLACK)).toBeUndefined();
    await messages.end('a', 'm1', 'answered');
    expect(await messages.forget(2_000)).toBe(0);
    expect(await messages.put(message('m2'), limits)).toBe('stored');
  });

  it('passes a limit by no more than what comes in the same moment', async () => {
    const place = await freshPlace();
    const processes = await Promise.all((place.shared ? [1, 2, 3] : [1]).map(() => place.open()));
    opened.push(...processes);
    const limits = { ...MANY, perMinutePerPerson: 10 };
    const stores = processes.map((store) => new MessageStore(store));
    let taken = 0;
    for (let round = 0; round < 8; round += 1) {
      const puts = stores.map((store, at) => store.put(message(`m${round}-${at}`), limits));
      taken += (await Promise.all(puts)).filter((put) => put === 'stored').length;
    }
    expect(taken).toBeGreaterThanOrEqual(Math.min(10, 8 * stores.length));
    expect(taken).toBeLessThan(10 + stores.length);
  });

  it('brings the tables of the first version up to date, and keeps what they hold', async () => {
    const { store, messages, open } = await fresh();
    await messages.put(message('m1'), MANY);
    for (const index of ['messages_of_person', 'messages_of_workspace'])
      await sql`DROP INDEX ${sql.ref(index)}`.execute(store.db);
    for (const column of ['workspace', 'told'])
      await sql`ALTER TABLE messages DROP COLUMN ${sql.ref(column)}`.execute(store.db);
    for (const table of ['answers', 'ratings']) await sql`DROP TABLE ${sql.ref(table)}`.execute(store.db);
    await sql`UPDATE layout SET version = 1`.execute(store.db);
    await store.close();
    opened.length = 0;
    const next = await open();
    expect(await next.messages.put(message('m1'), MANY)).toBe('known');
    expect(await next.messages.put(message('m2'), { ...MANY, perMinutePerWorkspace: 1 })).toBe('stored');
    expect((await next.messages.claim('a', SLACK))?.key).toBe('m1');
  });

  it('gives each message to one owner, and a thread to one at a time', async () => {
    const { messages } = await fresh();
    for (const [key, thread] of [
      ['a1', 'a'],
      ['a2', 'a'],
      ['b1', 'b'],
    ] as const) {
      await messages.put(message(key, { thread }), MANY);
    }
    const claimed = await Promise.all(
      ['x', 'y', 'x', 'y'].map(async (owner) => ({ owner, key: (await messages.claim(owner, SLACK))?.key })),
    );
    expect(claimed.map(({ key }) => key).filter((key) => key !== undefined)).toHaveLength(2);
    expect(new Set(claimed.map(({ key }) => key))).toEqual(new Set(['a1', 'b1', undefined]));
    const { owner = '' } = claimed.find(({ key }) => key === 'a1') ?? {};
    expect(await messages.end('somebody else', 'a1', 'answered')).toBe(false);
    expect(await messages.end(owner, 'a1', 'answered')).toBe(true);
    expect(await messages.end(owner, 'a1', 'noticed')).toBe(false);
    expect((await messages.claim('z', SLACK))?.key).toBe('a2');
  });

  it('leaves a message to those who serve its platform', async () => {
    const { messages } = await fresh();
    await messages.put(message('m1', { platform: 'teams' }), MANY);
    expect(await messages.claim('a', SLACK)).toBeUndefined();
    expect((await messages.claim('a', ['slack', 'teams']))?.key).toBe('m1');
  });

  it('goes round the people, however much one of them asks', async () => {
    const { messages } = await fresh();
    for (let n = 1; n <= 4; n += 1) await messages.put(message(`a${n}`, { thread: `a${n}` }), MANY);
    await messages.put(message('b1', { thread: 'b1', person: 'U2' }), MANY);
    await messages.put(message('c1', { thread: 'c1', person: 'U3' }), MANY);
    await messages.put(message('b2', { thread: 'b2', person: 'U2' }), MANY);
    const order: (string | undefined)[] = [];
    for (let n = 0; n < 7; n += 1) order.push((await messages.claim('x', SLACK))?.key);
    expect(order).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4']);
  });

  it('gives a message back with what is known of its reply, before the others of its thread', async () => {
    const { messages } = await fresh();
    await messages.put(message('m1'), MANY);
    await messages.put(message('m2'), MANY);
    await messages.claim('a', SLACK);
    expect(await messages.record('b', 'm1', 'not mine')).toBe(false);
    expect(await messages.record('a', 'm1', '["1.1"]')).toBe(true);
    expect(await messages.handBack('a', 'm1', false)).toBe(true);
    expect(await messages.claim('b', SLACK)).toMatchObject({
      key: 'm1',
      record: '["1.1"]',
      again: true,
      failures: 0,
    });
    expect(await messages.handBack('b', 'm1', true)).toBe(true);
    expect(await messages.claim('c', SLACK)).toMatchObject({ key: 'm1', failures: 1 });
  });

  it('takes a message from an owner without a sign of life, and from no other', async () => {
    const { messages } = await fresh();
    await messages.put(message('m1'), MANY);
    await messages.claim('a', SLACK);
    const [seen] = await messages.claims();
    expect(seen).toEqual({ key: 'm1', owner: 'a', beat: 0 });
    expect(await messages.beat('a', ['m1', 'm2'])).toEqual(new Set(['m1']));
    expect(await messages.takeBack(seen ?? { key: '', owner: '', beat: 0 })).toBe(false);
    const [later] = await messages.claims();
    expect(await messages.takeBack(later ?? { key: '', owner: '', beat: 0 })).toBe(true);
    expect(await messages.beat('a', ['m1'])).toEqual(new Set());
    expect(await messages.claim('b', SLACK)).toMatchObject({ key: 'm1', again: true, failures: 1 });
  });

  it('forgets what was said once it is answered, and the message after its time', async () => {
    const { store, messages } = await fresh();
    await messages.put(message('m1', { receivedAt: 10 }), MANY);
    await messages.put(message('m2', { receivedAt: 20, thread: 't2' }), MANY);
    await messages.put(message('m3', { receivedAt: 20, thread: 't3' }), MANY);
    await messages.claim('a', SLACK);
    await messages.record('a', 'm1', 'posted');
    await messages.end('a', 'm1', 'answered');
    const row = await store.db
      .selectFrom('messages')
      .selectAll()
      .where('key', '=', 'm1')
      .executeTakeFirstOrThrow();
    expect(row).toMatchObject({ body: null, record: null, owner: null, state: 'answered' });
    await messages.claim('a', SLACK);
    expect(await messages.forget(10)).toBe(0);
    expect(await messages.put(message('m1'), MANY)).toBe('known');
    // One is being answered, and stays; one was never answered, and is counted.
    expect(await messages.forget(21)).toBe(1);
    expect(await messages.put(message('m1'), MANY)).toBe('stored');
    expect(await messages.put(message('m2'), MANY)).toBe('known');
  });

  it('holds times and counts that no longer fit 32 bits', async () => {
    const { messages, store } = await fresh();
    const receivedAt = Date.UTC(2099, 11, 31);
    await messages.put(message('m1', { receivedAt }), MANY);
    await sql`UPDATE counters SET value = 5000000000`.execute(store.db);
    await messages.claim('a', SLACK);
    const row = await store.db.selectFrom('messages').select(['received_at', 'turn']).executeTakeFirst();
    expect(row).toEqual({ received_at: receivedAt, turn: 5_000_000_001 });
  });

  it('knows the last exchanges of a thread, each once, for a while', async () => {
    const { turns } = await fresh();
    for (let n = 1; n <= 4; n += 1) {
      await turns.add({ thread: 't1', message: `m${n}`, body: `body ${n}`, saidAt: n * 10 });
    }
    await turns.add({ thread: 't2', message: 'm9', body: 'elsewhere', saidAt: 40 });
    await turns.add({ thread: 't1', message: 'm3', body: 'body 3 anew', saidAt: 50 });
    expect(await turns.last('t1', 'm5', 3, 0)).toEqual(['body 2', 'body 3 anew', 'body 4']);
    expect(await turns.last('t1', 'm4', 3, 25)).toEqual(['body 3 anew']);
    await turns.forget(45);
    expect(await turns.last('t1', 'm5', 9, 0)).toEqual(['body 3 anew']);
  });
});

describe('a store that cannot be opened', () => {
  it('says which file is no database, and leaves it as it is', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'chipwright-store-'));
    try {
      const file = join(folder, 'state.sqlite');
      await writeFile(file, 'a letter to somebody\n'.repeat(100));
      await expect(openSqliteStore(file)).rejects.toMatchObject({
        code: 'storage_unavailable',
        message: expect.stringContaining('the file is no database (SQLITE_NOTADB)'),
      });
      expect(await readFile(file, 'utf8')).toContain('a letter');
      await expect(openSqliteStore(join(folder, 'missing', 'state.sqlite'))).rejects.toMatchObject({
        code: 'storage_unavailable',
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('says that no server answers, without the password', async () => {
    const log = pino({ level: 'silent' });
    const opening = openPostgresStore('postgresql://bot:canary@127.0.0.1:1/chipwright', log);
    const error = await opening.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'storage_unavailable', retryable: true });
    expect(String(error)).toContain('the server does not answer (ECONNREFUSED)');
    expect(String(error)).not.toContain('canary');
  });
});
