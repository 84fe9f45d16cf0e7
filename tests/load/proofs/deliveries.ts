// Slack delivers anything but once and in order, and takes our calls unwillingly: nothing may be lost, doubled or swapped.

import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { createSlackPlatform } from '../../../adapters/slack/slack-platform.js';
import { DurableInbox, type TakenMessage } from '../../../src/conversation/inbox.js';
import type { Platform } from '../../../src/conversation/platform.js';
import { startHttpServer } from '../../../src/operations/http-server.js';
import { createPace } from '../../../src/operations/pace.js';
import type { Store } from '../../../src/storage/store.js';
import { RecordingRatings } from '../../support/recording-ratings.js';
import { safe, sampleAnswer, sampleNotice } from '../../support/sample-answer.js';
import { BOT_TOKEN, SIGNING_SECRET, type SlackStandIn, startSlack } from '../../support/slack-stand-in.js';
import { deliveryOf, postsIn } from './chat.js';
import { Promises } from './promise.js';

/** The pauses of the inbox pass so many times faster than in life. */
const HASTE = 50;

/** Deliveries under way at the same time. */
const AT_ONCE = 50;

/** A delivery may come so many places later than it would in order. */
const DISORDER = 100;

/** A thread has so many questions on average. */
const THREAD_LENGTH = 8;

/** Shares of the calls to Slack. */
const LIMITED = 0.1;
const RESET = 0.05;
const HANG = 0.02;

export interface Deliveries {
  readonly broken: readonly string[];
  readonly deliveries: number;
  readonly questions: number;
  readonly notices: number;
  readonly calls: number;
  readonly faults: number;
}

/**
 * `count` deliveries of fewer questions, with duplicates, twins and in disorder, to the Slack adapter and the inbox on this
 * store, while calls to Slack are refused, reset and left hanging. Resolves when all is answered.
 */
export async function deliveries(store: Store, count: number, random: () => number): Promise<Deliveries> {
  const slack = await startSlack();
  const promises = new Promises(() => postsIn(slack));
  const log = pino({ level: 'silent' });
  const { fetch, faults } = unwillingSlack(random);
  const { run, stop } = createPace();
  const platform = createSlackPlatform(
    { botToken: BOT_TOKEN, apiUrl: slack.apiUrl, signingSecret: SIGNING_SECRET, followUps: false },
    // One call at a time for each channel, as in life, but without the gap.
    { log, now: Date.now, fetch, pace: { run: (key, _gapMs, task) => run(key, 0, task) } },
  );
  const warnings: string[] = [];
  const warned = ({ name, message }: Error) => void warnings.push(`node warns of ${name}: ${message}`);
  process.on('warning', warned);
  let notices = 0;
  const inbox = new DurableInbox({
    store,
    owner: 'the only one',
    platforms: ['slack'],
    limits: { parallel: 60, waiting: 100 },
    now: Date.now,
    pause: (ms, signal) => delay(ms / HASTE, undefined, { signal }).catch(() => {}),
    log,
    answer: async (taken) => {
      const kind = await reply(platform, taken, random);
      if (kind === 'noticed') notices += 1;
      return kind;
    },
  });
  const server = await startHttpServer(platform.routes, { host: '127.0.0.1', port: 0, log });
  slack.sendEventsTo(`http://127.0.0.1:${server.port}/slack/events`);
  try {
    await platform.start(inbox, new RecordingRatings());
    inbox.start();
    const plan = inDisorder(slack, promises, count, random);
    const postman = async () => {
      for (let next = plan.pop(); next !== undefined; next = plan.pop()) await next();
    };
    await Promise.all(Array.from({ length: AT_ONCE }, postman));
    await promises.settled();
    return {
      broken: [...promises.broken(), ...warnings],
      deliveries: count,
      questions: promises.accepted,
      notices,
      calls: slack.calls.length,
      faults: faults(),
    };
  } finally {
    process.off('warning', warned);
    const now = AbortSignal.abort(new Error('over'));
    await inbox.drain(now);
    await platform.stop(now);
    await stop();
    await server.stop();
    await slack.close();
  }
}

/** An answer or now and then a notice, with and without a draft before it. */
async function reply(
  platform: Platform,
  { message, record, apology }: TakenMessage,
  random: () => number,
): Promise<'answered' | 'noticed'> {
  const reply = platform.replyTo(message, record);
  reply.status('searching');
  if (random() < 0.5) void reply.stream(safe('Set the density'));
  await delay(random() * 20);
  const id = `answer to ${message.id}`;
  if (apology === undefined && random() < 0.9) {
    await reply.finish(sampleAnswer({ id }));
    return 'answered';
  }
  await reply.fail(sampleNotice({ reference: id }));
  return 'noticed';
}

/** The deliveries, last one first. */
function inDisorder(slack: SlackStandIn, promises: Promises, count: number, random: () => number) {
  const plan: { at: number; deliver: () => Promise<void> }[] = [];
  const threads: { channel: string; thread: string }[] = [];
  while (plan.length < count) {
    const old = random() < 1 / THREAD_LENGTH ? undefined : threads[Math.floor(random() * threads.length)];
    const channel = `C${threads.length % 60}`;
    const user = `U${Math.floor(random() * 30)}`;
    const question = slack.unheard('How dense may placement be?', { user, ...(old ?? { channel }) });
    if (old === undefined) threads.push(question);
    const first = plan.length;
    do {
      const type = random() < 0.5 ? 'message' : 'app_mention';
      plan.push({
        at: first + random() * DISORDER,
        deliver: () => promises.deliver(deliveryOf(question, type)),
      });
    } while (random() < 0.6 && plan.length < count);
  }
  return plan.sort((one, other) => other.at - one.at).map(({ deliver }) => deliver);
}

/** Faults of Slack's Web API. What was reset or hung may have been done all the same; the time of a hang is spared. */
function unwillingSlack(random: () => number) {
  let faults = 0;
  const unwilling: typeof globalThis.fetch = async (url, init) => {
    const luck = String(url).endsWith('/auth.test') ? 1 : random();
    // This Slack is as slow as the process it shares; calls that take too long are among the faults, and drawn like the others.
    const patient = { ...init, signal: null };
    if (luck >= LIMITED + RESET + HANG) return fetch(url, patient);
    faults += 1;
    if (luck < LIMITED) return new Response(null, { status: 429, headers: { 'retry-after': '1' } });
    if (random() < 0.5) await fetch(url, patient).then((response) => response.text());
    throw luck < LIMITED + RESET
      ? new TypeError('fetch failed', { cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }) })
      : new DOMException('no answer in time', 'TimeoutError');
  };
  return { fetch: unwilling, faults: () => faults };
}
