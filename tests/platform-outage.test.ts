// A platform that is away for longer than any call is tried: what is ready waits, without being made again, and is said once.
import { trace } from '@opentelemetry/api';
import { pino } from 'pino';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createSlackPlatform } from '../adapters/slack/slack-platform.js';
import { createTeamsPlatform } from '../adapters/teams/teams-platform.js';
import { noAudit } from '../src/conversation/audit.js';
import type { PlatformTools } from '../src/conversation/platform.js';
import { openDesk } from '../src/desk.js';
import { startHttpServer } from '../src/operations/http-server.js';
import { createOrchestrator } from '../src/orchestrator/orchestrator.js';
import { openSqliteStore } from '../src/storage/sqlite-store.js';
import { eventually } from './support/eventually.js';
import { passage, retrieverOf, tools } from './support/orchestrator-doubles.js';
import { recordedMetrics } from './support/recorded-metrics.js';
import { BOT_TOKEN, SIGNING_SECRET, startSlack } from './support/slack-stand-in.js';
import { TeamsStandIn } from './support/teams-stand-in.js';

vi.setConfig({ testTimeout: 120_000 });

const QUESTIONS = 6;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const STEP = MINUTE;
const SHORTEST_REST = 5 * SECOND;
const ENOUGH = 'Hold slack is checked at the fast corner with care.';

/** What becomes of a call to a platform that is away. */
type Away = 'refused' | 'reset' | 503;

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A clock that the test sets, and pauses that end by it. */
function clock() {
  let ahead = 0;
  const pauses = new Set<{ readonly ms: number; readonly until: number; readonly end: () => void }>();
  const now = () => Date.now() + ahead;
  return {
    now,
    pause: (ms: number, signal: AbortSignal) =>
      new Promise<void>((resolve) => {
        const end = () => {
          pauses.delete(paused);
          signal.removeEventListener('abort', end);
          resolve();
        };
        const paused = { ms, until: now() + ms, end };
        pauses.add(paused);
        if (signal.aborted) end();
        else signal.addEventListener('abort', end);
      }),
    /** How many questions rest until their platform is tried again. */
    resting: () => [...pauses].filter(({ ms }) => ms >= SHORTEST_REST).length,
    /** Time goes on by a minute, and what waited for less goes on. */
    goOn() {
      ahead += STEP;
      for (const { until, end } of pauses) if (until <= now()) end();
    },
  };
}

/** A platform whose calls can be made to fail. `seen`: what stands in the threads of the questions, a list for each. */
const PLATFORMS = {
  async slack(tools: PlatformTools) {
    const slack = await startSlack();
    closing.push(() => slack.close());
    const config = { botToken: BOT_TOKEN, signingSecret: SIGNING_SECRET, followUps: false };
    const platform = createSlackPlatform({ ...config, apiUrl: slack.apiUrl }, tools);
    const threads: { channel: string; thread: string }[] = [];
    return {
      platform,
      isCall: (url: string) => !url.endsWith('/auth.test'),
      listensAt: (url: string) => slack.sendEventsTo(`${url}/slack/events`),
      async ask(text: string, who: number) {
        const said = await slack.mention(text, { channel: `C${who}`, user: `U${who}` });
        expect(said.told.taken).toBe(true);
        threads.push(said);
      },
      seen: () => threads.map(({ channel, thread }) => slack.seen(channel, thread)),
    };
  },
  async teams(tools: PlatformTools) {
    const teams = await TeamsStandIn.open();
    closing.push(() => teams.close());
    const timing = { sleep: async () => {}, random: () => 0.5, sendTimeoutMs: 10 * SECOND };
    const platform = createTeamsPlatform(teams.config, tools, timing);
    const threads: string[] = [];
    let endpoint = '';
    return {
      platform,
      isCall: (url: string) => url.includes('/connector/'),
      listensAt: (url: string) => {
        endpoint = `${url}/api/messages`;
      },
      async ask(text: string, who: number) {
        const question = teams.channelMention(text, { from: { id: `29:${who}`, name: 'Ada' } });
        expect((await teams.deliver(endpoint, question)).status).toBe(200);
        threads.push(question.conversation.id);
      },
      seen: () => threads.map((id) => teams.visible(id).map(({ text }) => text)),
    };
  },
};

async function world(name: keyof typeof PLATFORMS) {
  const { now, pause, resting, goOn } = clock();
  const log = pino({ level: 'silent' });
  const { metrics, told } = recordedMetrics();
  let away: Away | undefined;
  let failed = 0;
  let isCall = (_url: string) => false;
  const fetchUnlessAway: typeof fetch = async (url, init) => {
    if (away === undefined || !isCall(String(url))) return fetch(url, init);
    failed += 1;
    if (away === 503) return new Response('{}', { status: 503 });
    const code = away === 'refused' ? 'ECONNREFUSED' : 'ECONNRESET';
    throw new TypeError('fetch failed', { cause: Object.assign(new Error(away), { code }) });
  };
  const subject = await PLATFORMS[name]({
    ...{ log, now, fetch: fetchUnlessAway },
    pace: { run: (_key, _gapMs, task) => task() },
    onBreaker: (state) => metrics.breaker(name, state),
  });
  isCall = subject.isCall;
  const retriever = retrieverOf([passage(ENOUGH)]);
  let ids = 0;
  const { inbox, watched, ratings, store } = openDesk({
    store: await openSqliteStore(':memory:'),
    served: [subject.platform],
    orchestrator: createOrchestrator(tools({ retriever })),
    limits: { parallel: 2, waiting: 100 },
    tools: {
      ...{ env: {}, fetch, now, log, metrics, audit: noAudit, tracer: trace.getTracer('test') },
      newId: () => `ref-${++ids}`,
    },
    pause,
  });
  const server = await startHttpServer(subject.platform.routes, { host: '127.0.0.1', port: 0, log });
  subject.listensAt(`http://127.0.0.1:${server.port}`);
  await subject.platform.start(watched, ratings);
  inbox.start();
  closing.push(async () => {
    const atOnce = AbortSignal.abort(new Error('over'));
    await inbox.drain(atOnce);
    await subject.platform.stop(atOnce);
    await server.stop();
    await store.close();
  });
  return {
    ...subject,
    retriever,
    /** The platform is away for so long: each question is ready, and rests between any two tries. */
    async staysAway(ms: number) {
      for (let passed = 0; passed < ms; passed += STEP) {
        await eventually(() => resting() === QUESTIONS, 'the rest of each question');
        goOn();
      }
      await eventually(() => resting() === QUESTIONS, 'the rest of each question');
    },
    failed: () => failed,
    set: (state: Away | undefined) => {
      away = state;
    },
    askAll: async () => {
      for (let who = 0; who < QUESTIONS; who += 1) await subject.ask('Where is hold slack checked?', who);
    },
    breaker: () => told.filter(([what]) => what === 'breaker').map(([, , state]) => state),
    /** Time goes on until each question has been answered with this. */
    async endsWith(words: string) {
      const ended = () => subject.seen().every((thread) => thread.join().includes(words));
      await eventually(() => {
        goOn();
        return ended();
      }, `an ending with "${words}"`);
    },
  };
}

describe.each([
  ['slack', 'refused'],
  ['slack', 503],
  ['teams', 'reset'],
  ['teams', 503],
] as const)('%s away (%s)', (name, fault) => {
  it('for eight minutes: each answer is kept, and given once when the platform is back', async () => {
    const { set, askAll, staysAway, breaker, seen, failed, retriever, endsWith } = await world(name);
    set(fault);
    await askAll();
    await staysAway(0);
    expect(breaker()).toContain('open');
    const before = failed();
    await staysAway(8 * MINUTE);
    // One call at a time tries; each question by itself would have made hundreds.
    expect(failed() - before).toBeLessThan(40);
    expect(seen().flat()).toEqual([]);
    set(undefined);
    await endsWith(ENOUGH);
    expect(breaker().at(-1)).toBe('closed');
    expect(seen().map(({ length }) => length)).toEqual(Array(QUESTIONS).fill(1));
    expect(retriever.asked).toHaveLength(QUESTIONS);
  });
});

it.each(['slack', 'teams'] as const)(
  '%s away for longer than ten minutes gets one apology for each',
  async (name) => {
    const { set, askAll, staysAway, seen, endsWith } = await world(name);
    set('refused');
    await askAll();
    await staysAway(11 * MINUTE);
    set(undefined);
    await endsWith('within ten minutes');
    expect(seen().map(({ length }) => length)).toEqual(Array(QUESTIONS).fill(1));
  },
);
