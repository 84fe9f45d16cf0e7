// Starting, stopping and health of Slack, and that it calls nothing but what its manifest asks for.

import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ASK_COMMAND,
  ASK_SHORTCUT,
  BOT_EVENTS,
  BOT_SCOPES,
  METHOD_SCOPES,
  SUGGESTED_PROMPTS,
} from '../../../adapters/slack/app-surface.js';
import { createSlackPlatform } from '../../../adapters/slack/slack-platform.js';
import { retryAfterSeconds } from '../../../adapters/slack/web-client.js';
import { RecordingInbox } from '../../contract/platform.contract.js';
import { RecordingRatings } from '../../support/recording-ratings.js';
import { newRecord } from '../../support/reply-record.js';
import { safe, sampleAnswer } from '../../support/sample-answer.js';
import {
  APP_TOKEN,
  BOT_TOKEN,
  SIGNING_SECRET,
  type SlackStandIn,
  startSlack,
} from '../../support/slack-stand-in.js';
import { connectSlack, ImmediatePace } from './connected-slack.js';

let slack: SlackStandIn;
beforeEach(async () => {
  slack = await startSlack();
});
afterEach(() => slack.close());

const tools = () => ({ log: pino({ level: 'silent' }), now: Date.now, fetch, pace: new ImmediatePace() });

describe('starting', () => {
  const start = (config: { botToken?: string; appToken?: string; apiUrl?: string }) =>
    createSlackPlatform(
      {
        botToken: BOT_TOKEN,
        signingSecret: SIGNING_SECRET,
        apiUrl: slack.apiUrl,
        followUps: false,
        ...config,
      },
      tools(),
    ).start(new RecordingInbox(), new RecordingRatings());

  it('is refused with a wrong bot token', async () => {
    await expect(start({ botToken: 'xoxb-wrong' })).rejects.toMatchObject({
      code: 'auth_rejected',
      retryable: false,
    });
  });

  it('is refused with a wrong app token', async () => {
    await expect(start({ appToken: 'xapp-wrong' })).rejects.toMatchObject({
      code: 'auth_rejected',
      retryable: false,
    });
  });

  it('can be tried again when Slack cannot be reached', async () => {
    const gone = await startSlack();
    const { apiUrl } = gone;
    await gone.close();
    await expect(start({ apiUrl })).rejects.toMatchObject({
      code: 'timeout',
      retryable: true,
      message: 'Slack could not be reached (ECONNREFUSED).',
      cure: expect.stringContaining('HTTPS_PROXY is not used'),
    });
    slack.fail('apps.connections.open', { status: 500 });
    await expect(start({ appToken: APP_TOKEN })).rejects.toMatchObject({
      code: 'timeout',
      retryable: true,
      message: 'Slack could not be reached (HTTP 500).',
    });
  });

  it('is impossible without a way to receive', () => {
    expect(() => createSlackPlatform({ botToken: BOT_TOKEN, followUps: false }, tools())).toThrow(/neither/);
    const empty = { botToken: BOT_TOKEN, signingSecret: '', followUps: false };
    expect(() => createSlackPlatform(empty, tools())).toThrow(/neither/);
  });

  it('takes nothing in before it is done', async () => {
    const platform = createSlackPlatform(
      { botToken: BOT_TOKEN, signingSecret: SIGNING_SECRET, apiUrl: slack.apiUrl, followUps: false },
      tools(),
    );
    expect((await platform.check()).ok).toBe(false);
  });
});

describe('health', () => {
  it('follows the token, and asks Slack only now and then', async () => {
    let now = Date.now();
    const connected = await connectSlack({ slack, now: () => now });
    expect(await connected.platform.check()).toEqual({ ok: true, detail: 'Connected to Acme over HTTP.' });
    slack.fail('auth.test', { error: 'token_revoked' });
    expect((await connected.platform.check()).ok).toBe(true);
    expect(slack.callsOf('auth.test')).toHaveLength(2);
    now += 20_000;
    const health = await connected.platform.check();
    expect(health.ok).toBe(false);
    expect(health.detail).toContain('token_revoked');
    await connected.close();
  });
});

describe('stopping', () => {
  it('waits for what is being sent, but not longer than it may', async () => {
    const connected = await connectSlack({ slack });
    await slack.mention('hi');
    slack.fail('chat.postMessage', { status: 500 });
    const sending = connected.platform.replyTo(connected.question(), newRecord()).finish(sampleAnswer());
    await connected.platform.stop(AbortSignal.timeout(5_000));
    expect(slack.seen()).toHaveLength(1);
    await sending;
    slack.fail('chat.postMessage', 'hang');
    void connected.platform
      .replyTo({ ...connected.question(), id: 'another' }, newRecord())
      .finish(sampleAnswer())
      .catch(() => {});
    await connected.platform.stop(AbortSignal.timeout(50));
    await connected.close();
  });
});

describe('the app surface', () => {
  it('names every method that a whole life calls, with its scopes', async () => {
    const connected = await connectSlack({ slack, config: { followUps: true } });
    const settle = () => new Promise((resolve) => setTimeout(resolve, 50));
    await slack.openHome();
    await slack.mention('hi');
    const reply = connected.platform.replyTo(connected.question(), newRecord());
    reply.status('searching');
    for (const draft of ['a', 'ab', 'abc']) {
      await reply.stream(safe(draft));
      await settle();
    }
    await reply.finish(sampleAnswer());
    await slack.slash('private');
    await connected.platform.replyTo(connected.question(), newRecord()).finish(sampleAnswer());
    slack.fail('chat.postMessage', 'lost');
    await slack.press(slack.ephemerals.at(-1) as never);
    await connected.close();
    const called = new Set(slack.calls.map(({ method }) => method));
    called.delete('response_url');
    for (const method of called) expect(METHOD_SCOPES).toHaveProperty([method]);
    expect(called.size).toBeGreaterThan(8);
  });

  it('fits what a manifest may hold', () => {
    expect(BOT_EVENTS.length).toBeLessThanOrEqual(100);
    expect(ASK_COMMAND.command).toMatch(/^\/[a-z]{1,31}$/);
    expect(ASK_COMMAND.description.length).toBeLessThanOrEqual(2_000);
    expect(ASK_SHORTCUT.name.length).toBeLessThanOrEqual(24);
    expect(ASK_SHORTCUT.description.length).toBeLessThanOrEqual(150);
    expect(SUGGESTED_PROMPTS.length).toBeLessThanOrEqual(4);
    expect(BOT_SCOPES).toEqual([
      'app_mentions:read',
      'assistant:write',
      'channels:history',
      'chat:write',
      'commands',
      'groups:history',
      'im:history',
      'mpim:history',
      'reactions:write',
    ]);
  });
});

it.each([
  ['30', 30],
  ['0', 1],
  [null, 5],
  ['', 5],
  ['soon', 5],
  ['1.5', 5],
  ['-1', 5],
  ['99999999999', 5],
  ['Thu, 01 Jan 1970 00:00:09 GMT', 9],
  ['Thu, 01 Jan 1969 00:00:00 GMT', 1],
])('Retry-After %j is %i seconds', (header, seconds) => {
  expect(retryAfterSeconds(header, 0)).toBe(seconds);
});

describe('one who asked too much', () => {
  it.each(['http', 'socket'] as const)(
    'is not asked about again over %s; the notice is left to the reply',
    async (by) => {
      const connected = await connectSlack({ by, slack });
      connected.inbox.admission = 'limited';
      expect((await slack.mention('How dense?')).told.taken).toBe(true);
      expect(slack.messages.map(({ text }) => text)).toEqual([expect.stringContaining('How dense?')]);
      await connected.close();
    },
  );
});
