// A disk that is full and a file that another process holds: nothing is taken in that cannot be kept, and what was, is answered.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { sql } from 'kysely';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DurableInbox } from '../../src/conversation/inbox.js';
import type { IncomingMessage } from '../../src/conversation/message.js';
import { openSqliteStore } from '../../src/storage/sqlite-store.js';
import type { Store } from '../../src/storage/store.js';
import { eventually } from '../support/eventually.js';

let folder: string;
let file: string;
let store: Store;
let inbox: DurableInbox;
let lines: string[];
const answered: string[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chipwright-faults-'));
  file = join(folder, 'state.sqlite');
  store = await openSqliteStore(file);
  lines = [];
  answered.length = 0;
  inbox = new DurableInbox({
    store,
    owner: 'the only one',
    platforms: ['slack'],
    limits: { parallel: 4, waiting: 1_000 },
    now: () => 1_000,
    pause: (ms, signal) => delay(ms / 50, undefined, { signal }).catch(() => {}),
    answer: async ({ message }) => {
      answered.push(message.id);
      return 'answered';
    },
    log: pino({}, { write: (line: string) => void lines.push(line) }),
  });
});
afterEach(async () => {
  await inbox.drain(AbortSignal.abort(new Error('over')));
  await store.close();
  await rm(folder, { recursive: true });
});

function message(id: string): IncomingMessage {
  return {
    id,
    thread: { platform: 'slack', tenant: 'T', key: id },
    author: { id: 'U1', tenant: 'T', kind: 'human' },
    surface: 'channel',
    addressed: 'mention',
    visibility: 'thread',
    text: 'a canary question '.repeat(100),
    attachments: [],
    receivedAt: new Date(1_000),
    attempt: 1,
    address: 'an address',
  };
}

it('refuses what does not fit on the disk, and answers what it took once there is room', async () => {
  await sql`PRAGMA max_page_count = 60`.execute(store.db);
  const taken: string[] = [];
  let refused = '';
  for (let n = 0; refused === ''; n += 1) {
    const admission = await inbox.accept(message(`m${n}`));
    if (admission === 'accepted') taken.push(`m${n}`);
    else refused = admission;
  }
  expect(refused).toBe('unavailable');
  expect(taken.length).toBeGreaterThan(5);
  expect(lines.join()).toContain('SQLITE_FULL');
  expect(lines.join()).not.toContain('canary');
  await sql`PRAGMA max_page_count = 100000`.execute(store.db);
  inbox.start();
  expect(await inbox.accept(message('after'))).toBe('accepted');
  await eventually(() => answered.length === taken.length + 1, 'all answers');
  expect(answered).toEqual(expect.arrayContaining([...taken, 'after']));
});

it('refuses while another process holds the file, and goes on when it lets go', async () => {
  expect(await inbox.accept(message('before'))).toBe('accepted');
  const other = new Database(file);
  try {
    other.exec('BEGIN IMMEDIATE');
    expect(await inbox.accept(message('during'))).toBe('unavailable');
    expect(lines.join()).toContain('SQLITE_BUSY');
    other.exec('COMMIT');
  } finally {
    other.close();
  }
  inbox.start();
  expect(await inbox.accept(message('during'))).toBe('accepted');
  await eventually(() => answered.length === 2, 'both answers');
});
