// The inbox: each message ended once, threads in order and side by side, nothing dropped in silence, whoever dies.
import { setTimeout as wait } from 'node:timers/promises';
import { sql } from 'kysely';
import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';
import { DurableInbox, type InboxParts, type TakenMessage } from '../../src/conversation/inbox.js';
import type { IncomingMessage } from '../../src/conversation/message.js';
import { ChipwrightError } from '../../src/errors.js';
import type { Store } from '../../src/storage/store.js';
import { onEachEngine } from '../support/each-engine.js';
import { eventually } from '../support/eventually.js';

const START = 1_000_000_000;
const MINUTE = 60_000;

function message(id: string, thread = 't1', over: Partial<IncomingMessage> = {}): IncomingMessage {
  return {
    id,
    thread: { platform: 'slack', tenant: 'T', key: thread },
    author: { id: 'U1', tenant: 'T', kind: 'human' },
    surface: 'channel',
    addressed: 'mention',
    visibility: 'thread',
    text: 'a canary question',
    attachments: [],
    receivedAt: new Date(START),
    attempt: 1,
    address: 'an address',
    ...over,
  };
}

/** Pauses that end when the test says so; `tick` lets all that wait now go on. */
function pauses() {
  let waiting: (() => void)[] = [];
  const pause = (_ms: number, signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      if (signal.aborted) return resolve();
      const end = () => {
        signal.removeEventListener('abort', end);
        resolve();
      };
      signal.addEventListener('abort', end);
      waiting.push(end);
    });
  const tick = async () => {
    await eventually(() => waiting.length > 0, 'a pause');
    const ended = waiting;
    waiting = [];
    for (const end of ended) end();
    await eventually(() => waiting.length > 0, 'the next pause');
  };
  return { pause, tick };
}

onEachEngine('the inbox', (freshPlace) => {
  const clock = { time: START };
  const inboxes: DurableInbox[] = [];
  const stores: Store[] = [];
  afterEach(async () => {
    clock.time = START;
    for (const inbox of inboxes.splice(0)) await inbox.drain(AbortSignal.abort(new Error('over')));
    for (const store of stores.splice(0)) await store.close();
  });

  async function freshStore(): Promise<Store> {
    const store = await (await freshPlace()).open();
    stores.push(store);
    return store;
  }

  /** An inbox whose answers end when the test says so. */
  function held(store: Store, over: Partial<InboxParts> = {}) {
    const taken: TakenMessage[] = [];
    const endings = new Map<string, { end: () => void; fail: (error: unknown) => void }>();
    const lines: string[] = [];
    const { pause, tick } = pauses();
    const inbox = new DurableInbox({
      store,
      owner: `owner ${inboxes.length}`,
      platforms: ['slack'],
      limits: { parallel: 8, waiting: 10 },
      now: () => clock.time,
      pause,
      log: pino({}, { write: (line: string) => void lines.push(line) }),
      answer: (each, signal) =>
        new Promise((resolve, reject) => {
          taken.push(each);
          endings.set(each.message.id, { end: () => resolve('answered'), fail: reject });
          signal.addEventListener('abort', () => reject(signal.reason));
        }),
      ...over,
    });
    inboxes.push(inbox);
    inbox.start();
    const started = () => taken.map((each) => each.message.id);
    return {
      inbox,
      taken,
      started,
      startsAll: (...ids: string[]) => eventually(() => String(started()) === String(ids), `start of ${ids}`),
      end: (id: string) => endings.get(id)?.end(),
      fail: (id: string, error: unknown) => endings.get(id)?.fail(error),
      tick,
      lines,
    };
  }

  const stateOf = async (store: Store) => {
    const rows = await store.db.selectFrom('messages').select(['state', 'body']).orderBy('seq').execute();
    return rows.map(({ state, body }) => `${state}${body === null ? '' : ' with text'}`);
  };
  const becomes = async (store: Store, ...states: string[]) => {
    let seen: string[] = [];
    for (let tries = 0; tries < 3_000 && String(seen) !== String(states); tries += 1) {
      seen = await stateOf(store);
      await wait(5);
    }
    expect(seen).toEqual(states);
  };
  const refused = new ChipwrightError('delivery_rejected', 'x', { cure: 'y', retryable: true });

  it('keeps the order of a thread and lets other threads pass', async () => {
    const { inbox, startsAll, end } = held(await freshStore());
    for (const [id, thread] of [
      ['a1', 'a'],
      ['a2', 'a'],
      ['b1', 'b'],
      ['a3', 'a'],
    ] as const) {
      expect(await inbox.accept(message(id, thread))).toBe('accepted');
    }
    await startsAll('a1', 'b1');
    end('a1');
    await startsAll('a1', 'b1', 'a2');
    end('a2');
    await startsAll('a1', 'b1', 'a2', 'a3');
  });

  it('answers no more at once than it may, and refuses what it cannot hold', async () => {
    const { inbox, startsAll, end } = held(await freshStore(), { limits: { parallel: 1, waiting: 1 } });
    await inbox.accept(message('1', 'a'));
    await startsAll('1');
    expect(await inbox.accept(message('2', 'b'))).toBe('accepted');
    expect(await inbox.accept(message('3', 'c'))).toBe('overloaded');
    expect(await inbox.accept(message('2', 'b', { attempt: 2 }))).toBe('duplicate');
    end('1');
    await startsAll('1', '2');
    expect(await inbox.accept(message('3', 'c', { attempt: 2 }))).toBe('accepted');
  });

  it('tells one who asks beyond a limit once, answers the others, and takes no retry of it', async () => {
    const store = await freshStore();
    const told: unknown[] = [];
    const { inbox, startsAll, end } = held(store, {
      limits: { parallel: 8, waiting: 10, perMinutePerPerson: 1 },
      refuse: ({ id }, limit) => void told.push([id, limit]),
    });
    expect(await inbox.accept(message('1'))).toBe('accepted');
    expect(await inbox.accept(message('2'))).toBe('limited');
    expect(await inbox.accept(message('2', 't1', { attempt: 2 }))).toBe('duplicate');
    expect(await inbox.accept(message('3'))).toBe('limited');
    const author = { id: 'U2', tenant: 'T', kind: 'human' } as const;
    expect(await inbox.accept(message('4', 't2', { author }))).toBe('accepted');
    await startsAll('1', '4');
    end('1');
    await becomes(store, 'answered', 'refused', 'refused', 'claimed with text');
    expect(told).toEqual([['2', 'perMinutePerPerson']]);
  });

  it('remembers a message for a day, its words only until it is answered', async () => {
    const store = await freshStore();
    const { inbox, startsAll, end, tick } = held(store);
    await inbox.accept(message('1'));
    await startsAll('1');
    end('1');
    await becomes(store, 'answered');
    clock.time += 24 * 60 * MINUTE;
    for (let n = 0; n < 2; n += 1) await tick();
    expect(await inbox.accept(message('1'))).toBe('duplicate');
    await inbox.drain(AbortSignal.timeout(5_000));
    clock.time += 24 * 60 * MINUTE;
    const next = held(store);
    await next.tick();
    expect(await next.inbox.accept(message('1', 't1', { receivedAt: new Date(clock.time) }))).toBe(
      'accepted',
    );
  });

  it('keeps what it took in before it could answer, for itself and for the next process', async () => {
    const store = await freshStore();
    const first = held(store);
    await first.inbox.accept(message('1'));
    await first.inbox.accept(message('2'));
    await first.startsAll('1');
    await first.inbox.drain(AbortSignal.abort(new Error('over')));
    expect(await first.inbox.accept(message('3'))).toBe('draining');
    expect(await stateOf(store)).toEqual(['received with text', 'received with text']);
    const second = held(store);
    await second.startsAll('1');
    expect(second.taken[0]).toMatchObject({ message: message('1'), record: { again: true } });
    second.end('1');
    await second.startsAll('1', '2');
  });

  it('hands what is known of a reply to whoever takes the message up', async () => {
    const store = await freshStore();
    const first = held(store);
    await first.inbox.accept(message('1'));
    await first.startsAll('1');
    expect(first.taken[0]?.record).toMatchObject({ again: false, saved: undefined });
    await first.taken[0]?.record.save('posted as 1.1');
    await first.inbox.drain(AbortSignal.abort(new Error('over')));
    const second = held(store);
    await second.startsAll('1');
    expect(second.taken[0]?.record).toMatchObject({ again: true, saved: 'posted as 1.1' });
    await first.taken[0]?.record.save('by one that lost it');
    await second.inbox.drain(AbortSignal.abort(new Error('over')));
    const third = held(store);
    await third.startsAll('1');
    expect(third.taken[0]?.record).toMatchObject({ saved: 'posted as 1.1' });
  });

  it('finishes what runs when it drains, and begins nothing more', async () => {
    const store = await freshStore();
    const { inbox, startsAll, started, end } = held(store, { limits: { parallel: 1, waiting: 10 } });
    await inbox.accept(message('1', 'a'));
    await inbox.accept(message('2', 'b'));
    await startsAll('1');
    const drained = inbox.drain(AbortSignal.timeout(60_000));
    end('1');
    await drained;
    expect(started()).toEqual(['1']);
    expect(await stateOf(store)).toEqual(['answered', 'received with text']);
  });

  it('takes up the message of a process that died, after some looks, and of no process that lives', async () => {
    const store = await freshStore();
    const never = new Promise<never>(() => {});
    // With room for one message, and begun before the other process looks: each takes the one it is meant to.
    const dead = held(store, { pause: () => never, limits: { parallel: 1, waiting: 10 } });
    inboxes.pop(); // Nobody waits for the dead.
    await dead.inbox.accept(message('1', 'a'));
    await dead.startsAll('1');
    const alive = held(store);
    await alive.inbox.accept(message('2', 'b'));
    await alive.startsAll('2');
    const third = held(store);
    // An hour more on the clock of this machine: it changes nothing.
    clock.time += 9 * MINUTE;
    for (let n = 0; n < 5; n += 1) await Promise.all([alive.tick(), third.tick()]);
    expect(third.started()).toEqual([]);
    for (let n = 0; n < 12; n += 1) await Promise.all([alive.tick(), third.tick()]);
    expect([...alive.started(), ...third.started()].sort()).toEqual(['1', '2']);
  });

  it('stops an answer whose message was taken over', async () => {
    const store = await freshStore();
    const stopped: unknown[] = [];
    const slow = held(store, {
      answer: (_, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            stopped.push(signal.reason);
            reject(signal.reason);
          });
        }),
    });
    await slow.inbox.accept(message('1'));
    await becomes(store, 'claimed with text');
    await sql`UPDATE messages SET owner = 'another'`.execute(store.db);
    await slow.tick();
    await eventually(() => stopped.length === 1, 'the stop');
    expect(await stateOf(store)).toEqual(['claimed with text']);
  });

  it('apologises for what it takes up too late', async () => {
    const store = await freshStore();
    const first = held(store, { limits: { parallel: 0, waiting: 10 } });
    await first.inbox.accept(message('1', 'a'));
    await first.inbox.accept(message('2', 'b', { receivedAt: new Date(START + 2 * MINUTE) }));
    clock.time += 11 * MINUTE;
    const second = held(store);
    await second.startsAll('1', '2');
    expect(second.taken.map(({ apology }) => apology)).toEqual(['late', undefined]);
  });

  it('answers after the clock went back an hour, and apologises once when it went on', async () => {
    const store = await freshStore();
    const { inbox, startsAll, end, taken } = held(store);
    clock.time -= 60 * MINUTE;
    await inbox.accept(message('1', 'a'));
    await startsAll('1');
    clock.time += 120 * MINUTE;
    await inbox.accept(message('2', 'b'));
    await startsAll('1', '2');
    end('1');
    end('2');
    await becomes(store, 'answered', 'answered');
    expect(taken.map(({ apology }) => apology)).toEqual([undefined, 'late']);
    expect(await inbox.accept(message('1', 'a'))).toBe('duplicate');
  });

  it('tries again when the platform took nothing, three times in all, then with an apology', async () => {
    const store = await freshStore();
    const { inbox, startsAll, fail, end, tick, taken, lines } = held(store);
    await inbox.accept(message('1'));
    await inbox.accept(message('2'));
    for (let n = 1; n <= 3; n += 1) {
      await startsAll(...Array.from({ length: n }, () => '1'));
      fail('1', refused);
      await eventually(() => lines.join().split('neither an answer').length > n, 'the failure');
      await tick();
    }
    await startsAll('1', '1', '1', '1');
    expect(taken.map(({ apology }) => apology)).toEqual([undefined, undefined, undefined, 'failed']);
    end('1');
    await startsAll('1', '1', '1', '1', '2');
    expect(lines.join()).not.toContain('canary');
  });

  it('lets others pass while an answer rests, and hands it back without blame when it drains', async () => {
    const store = await freshStore();
    const begun: string[] = [];
    const { inbox } = held(store, {
      limits: { parallel: 1, waiting: 10 },
      answer: async ({ message: { id }, rest }) => {
        begun.push(id);
        while (await rest());
        throw refused;
      },
    });
    await inbox.accept(message('1', 'a'));
    await inbox.accept(message('2', 'b'));
    await eventually(() => String(begun) === '1,2', 'both, though one at a time');
    await inbox.drain(AbortSignal.timeout(60_000));
    expect(await stateOf(store)).toEqual(['received with text', 'received with text']);
    const rows = await store.db.selectFrom('messages').select('failures').execute();
    expect(rows).toEqual([{ failures: 0 }, { failures: 0 }]);
  });

  it('waits as long as the platform asks before it tries again, within reason', async () => {
    const rests: number[] = [];
    const { inbox, startsAll, fail } = held(await freshStore(), {
      pause: (ms, signal) =>
        new Promise<void>((resolve) => {
          if (ms > MINUTE / 3) rests.push(ms);
          signal.addEventListener('abort', () => resolve(), { once: true });
        }),
    });
    const asked = [5_000, 90_000, 3_600_000];
    for (const [at, retryAfterMs] of asked.entries()) {
      await inbox.accept(message(`${at}`, `t${at}`));
      await startsAll(...asked.slice(0, at + 1).map((_, earlier) => `${earlier}`));
      const limited = { cure: 'y', retryable: true, retryAfterMs };
      fail(`${at}`, new ChipwrightError('delivery_rate_limited', 'x', limited));
    }
    await eventually(() => rests.length === 3, 'three rests');
    expect(rests).toEqual([30_000, 90_000, 300_000]);
  });

  it('goes on with the thread after a message that the platform will never take', async () => {
    const store = await freshStore();
    const { inbox, startsAll, fail } = held(store);
    await inbox.accept(message('1'));
    await inbox.accept(message('2'));
    await startsAll('1');
    fail('1', new ChipwrightError('delivery_rejected', 'x', { cure: 'y' }));
    await startsAll('1', '2');
  });

  it('does not let one who asks much hold up the others', async () => {
    const { inbox, startsAll, end } = held(await freshStore(), { limits: { parallel: 1, waiting: 99 } });
    for (let n = 1; n <= 20; n += 1) await inbox.accept(message(`a${n}`, `a${n}`));
    await startsAll('a1');
    const author = { id: 'U2', tenant: 'T', kind: 'human' } as const;
    await inbox.accept(message('b1', 'b1', { author }));
    end('a1');
    await startsAll('a1', 'b1');
  });

  it('takes nothing in that it cannot store, says so once, and recovers', async () => {
    const store = await freshStore();
    const { inbox, lines, startsAll, tick, end } = held(store);
    await inbox.accept(message('1', 'a'));
    await startsAll('1');
    await sql`ALTER TABLE messages RENAME TO away`.execute(store.db);
    expect(await inbox.accept(message('2', 'b'))).toBe('unavailable');
    end('1');
    for (let n = 0; n < 12; n += 1) await tick();
    await sql`ALTER TABLE away RENAME TO messages`.execute(store.db);
    await tick();
    await tick();
    expect(await inbox.accept(message('2', 'b', { attempt: 2 }))).toBe('accepted');
    await startsAll('1', '2');
    await becomes(store, 'answered', 'claimed with text');
    const said = lines.map((line) => JSON.parse(line).msg as string);
    expect(said.filter((msg) => msg === 'the store of questions fails')).toHaveLength(1);
    expect(said).toContain('a message was not taken in, as it could not be stored');
    expect(said.at(-1)).toBe('the store of questions works again');
    expect(lines.join()).not.toContain('canary');
  });
});
