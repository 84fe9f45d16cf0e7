// What Slack is told about each kind of request, and that nothing unverified or malformed reaches the inbox.
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SIGNING_SECRET, signed } from '../../support/slack-stand-in.js';
import { type ConnectedSlack, connectSlack } from './connected-slack.js';

let connected: ConnectedSlack;
beforeEach(async () => {
  connected = await connectSlack();
});
afterEach(() => connected.close());

const JSON_TYPE = 'application/json';
const FORM = 'application/x-www-form-urlencoded';

async function send(body: string | Buffer, type = JSON_TYPE, headers: Record<string, string> = {}) {
  const all = { 'content-type': type, ...signed(body, SIGNING_SECRET, Date.now()), ...headers };
  const response = await fetch(connected.url, {
    method: 'POST',
    headers: all,
    body: new Uint8Array(Buffer.from(body)),
  });
  return { status: response.status, body: await response.text() };
}

const mention = (over: object = {}) => ({
  type: 'event_callback',
  team_id: 'T1',
  event: { type: 'app_mention', channel: 'C1', user: 'U1', text: '<@UBOT> hi', ts: '17.000100', ...over },
});

describe('a verified request', () => {
  it('answers the challenge of the address check', async () => {
    const told = await send(JSON.stringify({ type: 'url_verification', challenge: 'abc', token: 'x' }));
    expect(told).toEqual({ status: 200, body: 'abc' });
  });

  it('is acknowledged after the inbox holds the message, not before', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { inbox } = connected;
    const accept = inbox.accept.bind(inbox);
    inbox.accept = async (message) => {
      await held;
      return accept(message);
    };
    let told = false;
    const sending = send(JSON.stringify(mention())).then((answer) => {
      told = true;
      return answer;
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(told).toBe(false);
    release();
    expect((await sending).status).toBe(200);
    expect(inbox.taken).toHaveLength(1);
  });

  it.each(['overloaded', 'draining'] as const)(
    'is to be sent again while the inbox is %s',
    async (admission) => {
      connected.inbox.admission = admission;
      expect((await send(JSON.stringify(mention()))).status).toBe(503);
    },
  );

  it('is to be sent again when the inbox fails against its promise', async () => {
    connected.inbox.accept = async () => {
      throw new Error('disk full');
    };
    expect((await send(JSON.stringify(mention()))).status).toBe(500);
  });

  it('is to be sent again after the stop', async () => {
    await connected.platform.stop(AbortSignal.timeout(1_000));
    expect((await send(JSON.stringify(mention()))).status).toBe(503);
    expect(connected.inbox.seen).toHaveLength(0);
  });

  it('counts the deliveries', async () => {
    const retry = { 'x-slack-retry-num': '2', 'x-slack-retry-reason': 'http_timeout' };
    await send(JSON.stringify(mention()), JSON_TYPE, retry);
    expect(connected.question().attempt).toBe(3);
    await send(JSON.stringify(mention({ ts: '18.1' })), JSON_TYPE, { 'x-slack-retry-num': 'NaN' });
    expect(connected.question().attempt).toBe(1);
  });

  it.each([
    ['a limit on our events', { type: 'app_rate_limited', minute_rate_limited: 1 }],
    ['an event of a later Slack', { type: 'event_callback', event: { type: 'moon_landing' } }],
    ['an event without a type', { type: 'event_callback', event: {} }],
    ['an event that is nothing', { type: 'event_callback', event: null }],
    ['a kind of request of a later Slack', { type: 'moon_landing' }],
    ['an interaction nobody listens to', { type: 'view_submission', view: {} }],
    ['a reaction', { type: 'event_callback', event: { type: 'reaction_added', item: null } }],
  ])('is understood, and not sent again: %s', async (_, body) => {
    expect((await send(JSON.stringify(body))).status).toBe(200);
    expect(connected.inbox.seen).toHaveLength(0);
  });

  it.each([
    ['not JSON', '{"type":'],
    ['an array', '[]'],
    ['nothing', ''],
    ['null', 'null'],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0xfd])],
    ['packed JSON', gzipSync(JSON.stringify(mention()))],
    ['a mention without a channel', JSON.stringify(mention({ channel: undefined }))],
    ['a mention with an odd ts', JSON.stringify(mention({ ts: 'yesterday' }))],
    ['a mention whose text is a number', JSON.stringify(mention({ text: 7 }))],
  ])('is malformed: %s', async (_, body) => {
    expect((await send(body)).status).toBe(400);
    expect(connected.inbox.seen).toHaveLength(0);
  });

  it.each([
    ['an interaction without JSON', 'payload=%7B'],
    ['a press by nobody', `payload=${encodeURIComponent('{"type":"block_actions","actions":[{}]}')}`],
    [
      'a press of our button without a channel',
      `payload=${encodeURIComponent('{"type":"block_actions","user":{"id":"U1"},"team":{"id":"T1"},"actions":[{"type":"button","action_id":"share_answer"}]}')}`,
    ],
    [
      'a shortcut by nobody',
      `payload=${encodeURIComponent('{"type":"message_action","callback_id":"ask_about_message"}')}`,
    ],
    [
      'a command without a user',
      'command=%2Fask&text=hi&channel_id=C1&trigger_id=1&response_url=https%3A%2F%2Fhooks.slack.com%2F1',
    ],
    ['a command without a response address', 'command=%2Fask&text=hi&channel_id=C1&user_id=U1&trigger_id=1'],
  ])('is malformed: %s', async (_, body) => {
    expect((await send(body, FORM)).status).toBe(400);
  });

  it('may name its character set', async () => {
    expect((await send(JSON.stringify(mention()), 'application/json; charset=utf-8')).status).toBe(200);
    expect(connected.inbox.taken).toHaveLength(1);
  });
});

describe('an unverified request', () => {
  it('is refused, whatever it says', async () => {
    const headers = { 'x-slack-signature': `v0=${'0'.repeat(64)}` };
    expect((await send(JSON.stringify(mention()), JSON_TYPE, headers)).status).toBe(401);
    expect((await send('not even JSON', JSON_TYPE, headers)).status).toBe(401);
    expect(connected.inbox.seen).toHaveLength(0);
  });

  it('may be the certificate check, and only that', async () => {
    const unsigned = { 'x-slack-signature': '', 'x-slack-request-timestamp': '' };
    expect((await send('ssl_check=1', FORM, unsigned)).status).toBe(200);
    expect((await send('ssl_check=1&token=old', FORM, unsigned)).status).toBe(200);
    const payload = encodeURIComponent(JSON.stringify(mention()));
    for (const smuggled of [
      `ssl_check=1&payload=${payload}`,
      `payload=${payload}&ssl_check=1`,
      'ssl_check=1&command=%2Fask&text=hi',
      'ssl_check=1&ssl_check=1',
      'ssl_check=0',
      'ssl_check=11',
    ]) {
      expect((await send(smuggled, FORM, unsigned)).status).toBe(401);
    }
    expect((await send('ssl_check=1', JSON_TYPE, unsigned)).status).toBe(401);
    expect(connected.inbox.seen).toHaveLength(0);
  });
});

it('logs neither what was said nor a secret', async () => {
  await send(JSON.stringify(mention({ text: '<@UBOT> the secret recipe' })));
  await send(JSON.stringify(mention({ text: 7, user: 'the secret recipe' })));
  await send('the secret recipe, not as JSON');
  await connected.platform.check();
  const log = connected.log.join('\n');
  expect(log).not.toMatch(/secret recipe|xoxb-|stand-in-signing-secret/);
});

it('logs the cause of a bug: its kind and place, not its words', async () => {
  connected.inbox.accept = async () => {
    throw new RangeError('the secret recipe');
  };
  await send(JSON.stringify(mention()));
  const line = connected.log.find((entry) => entry.includes('was not taken')) ?? '{}';
  const { err } = JSON.parse(line);
  expect(JSON.stringify(err)).toContain('RangeError');
  expect(JSON.stringify(err)).toContain('http-receiver.test.ts');
  expect(line).not.toContain('recipe');
});
