// Ratings: remembered with their answer, on both engines, and no reason to fail where the store does.
import { sql } from 'kysely';
import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';
import { KeptRatings } from '../../src/conversation/ratings.js';
import { AnswerStore } from '../../src/storage/answer-store.js';
import type { Store } from '../../src/storage/store.js';
import { onEachEngine } from '../support/each-engine.js';
import { recordedMetrics } from '../support/recorded-metrics.js';
import { sampleAnswer, sampleCitation } from '../support/sample-answer.js';

const DAY = 24 * 60 * 60 * 1000;
const asked = { thread: { platform: 'teams', tenant: 'T', key: 'thread' } } as const;
const by = { tenant: 'T', id: 'U1' };

onEachEngine('ratings', (freshPlace) => {
  const stores: Store[] = [];
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
  });

  async function fresh() {
    const store = await (await freshPlace()).open();
    stores.push(store);
    const clock = { time: 1_000_000 };
    const lines: string[] = [];
    const log = pino({}, { write: (line: string) => void lines.push(line) });
    const { metrics, told } = recordedMetrics();
    const ratings = new KeptRatings(store, { now: () => clock.time, metrics, log });
    return { store, clock, lines, told, ratings };
  }

  it('belong to the answer, by its id or by what the platform calls it', async () => {
    const { store, told, ratings } = await fresh();
    const answer = sampleAnswer({ question: 'How?', citations: [sampleCitation(1), sampleCitation(2)] });
    await ratings.remember(asked, answer, { messageId: '1', parts: 1, ratedAs: 'conversation|1' });
    await ratings.remember(asked, { ...answer, id: 'other' }, { messageId: '2', parts: 1 });
    const rate = (platform: 'slack' | 'teams', of: string) =>
      ratings.rate({ platform, of, by, verdict: 'helpful' });
    expect(await rate('teams', 'conversation|1')).toBe('kept');
    expect(await rate('teams', 'other')).toBe('kept');
    expect(await rate('teams', 'answer-1')).toBe('unknown');
    expect(await rate('slack', 'other')).toBe('unknown');
    expect(told).toEqual(Array.from({ length: 2 }, () => ['rated', 'teams', 'helpful']));
    expect(await new AnswerStore(store).rated()).toMatchObject([
      { question: 'How?', passages: ['passage-1', 'passage-2'], helpful: 1 },
      { question: 'How?' },
    ]);
  });

  it('are for answers of the last two weeks, and are kept for a year', async () => {
    const { store, clock, ratings } = await fresh();
    const give = async (id: string) =>
      ratings.remember(asked, sampleAnswer({ id, question: id }), { messageId: id, parts: 1 });
    const rate = (of: string) => ratings.rate({ platform: 'teams', of, by, verdict: 'unhelpful' });
    await give('rated');
    await give('unrated');
    expect(await rate('rated')).toBe('kept');
    clock.time += 15 * DAY;
    await give('later');
    expect(await rate('unrated')).toBe('unknown');
    expect(await rate('rated')).toBe('kept');
    clock.time += 351 * DAY;
    await give('much later');
    expect(await new AnswerStore(store).rated()).toEqual([]);
  });

  it('do not fail an answer when the store fails, and say so without its words', async () => {
    const { store, lines, ratings } = await fresh();
    await sql`DROP TABLE answers`.execute(store.db);
    const answer = sampleAnswer({ question: 'a canary question' });
    await ratings.remember(asked, answer, { messageId: '1', parts: 1 });
    expect(await ratings.rate({ platform: 'teams', of: 'x', by, verdict: 'helpful' })).toBe('unavailable');
    expect(lines).toHaveLength(2);
    expect(lines.join()).not.toContain('canary');
  });
});
