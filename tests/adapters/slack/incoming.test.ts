// Which Slack messages are questions, who asks them, and that two events of one message are one question.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeAddress, encodeAddress } from '../../../adapters/slack/address.js';
import { type Dropped, fromCommand, fromEvent, fromShortcut } from '../../../adapters/slack/incoming.js';
import {
  commandSchema,
  type Envelope,
  messageSchema,
  read,
  shortcutSchema,
} from '../../../adapters/slack/payloads.js';
import { ChipwrightError } from '../../../src/errors.js';
import { connectSlack } from './connected-slack.js';

const ME = { userId: 'UBOT', botId: 'BBOT', team: 'T1', teamName: 'Acme' };
const DELIVERY = { now: new Date(0), attempt: 1 };
const BASE = {
  type: 'message',
  channel: 'C1',
  user: 'U1',
  text: '<@UBOT> how dense?',
  ts: '17.000100',
  team: 'T1',
};

function message(over: object = {}, envelope: Partial<Envelope> = {}, answered = false) {
  const event = read(messageSchema, { ...BASE, ...over });
  const full = {
    team_id: 'T1',
    context_team_id: undefined,
    enterprise_id: undefined,
    context_enterprise_id: undefined,
    ...envelope,
  };
  return fromEvent(event, full, ME, { has: () => answered }, DELIVERY);
}

function question(over: object = {}, envelope: Partial<Envelope> = {}, answered = false) {
  const taken = message(over, envelope, answered);
  if (typeof taken === 'string') throw new Error(`dropped: ${taken}`);
  return taken;
}

describe('what is no question', () => {
  it.each<[string, object, Dropped]>([
    ['our own message', { user: 'UBOT' }, 'own'],
    ['our own message under the bot id', { user: undefined, bot_id: 'BBOT' }, 'own'],
    ['another bot', { bot_id: 'B2' }, 'bot'],
    ['another bot with a profile', { bot_profile: { id: 'B2' } }, 'bot'],
    ['a classic bot', { subtype: 'bot_message', user: undefined }, 'bot'],
    ['Slackbot', { user: 'USLACKBOT' }, 'slackbot'],
    ['an edited message', { edited: { user: 'U1', ts: '18.1' } }, 'edited'],
    ['the event of an edit', { subtype: 'message_changed', user: undefined }, 'subtype'],
    ['a deletion', { subtype: 'message_deleted', user: undefined }, 'subtype'],
    ['a hidden message', { hidden: true }, 'subtype'],
    ['someone joining', { subtype: 'channel_join' }, 'subtype'],
    ['a topic', { subtype: 'channel_topic' }, 'subtype'],
    ['a message by nobody', { user: undefined }, 'no-author'],
    ['talk in a channel', { text: 'how dense?' }, 'not-addressed'],
    ['talk in a thread', { text: 'how dense?', thread_ts: '16.1' }, 'not-addressed'],
    ['a mention in code', { text: 'type `<@UBOT> hi`' }, 'not-addressed'],
    ['a mention in code, as app_mention', { type: 'app_mention', text: '```<@UBOT> hi```' }, 'not-addressed'],
  ])('%s', (_, over, reason) => {
    expect(message(over)).toBe(reason);
  });
});

describe('what is a question', () => {
  it('carries the whole message', () => {
    expect(question()).toEqual({
      id: 'T1:C1:17.000100',
      thread: { platform: 'slack', tenant: 'T1', key: 'C1:17.000100' },
      author: { id: 'U1', tenant: 'T1', kind: 'human' },
      surface: 'channel',
      addressed: 'mention',
      visibility: 'thread',
      text: 'how dense?',
      attachments: [],
      receivedAt: new Date(0),
      attempt: 1,
      address: expect.any(String),
    });
  });

  it('belongs to the thread it was asked in', () => {
    const { id, thread, address } = question({ thread_ts: '16.000100' });
    expect([id, thread.key]).toEqual(['T1:C1:17.000100', 'C1:16.000100']);
    expect(decodeAddress(address)).toMatchObject({ thread: '16.000100', ts: '17.000100' });
  });

  it.each([
    ['im', 'D1', 'direct', 'direct'],
    ['app_home', 'D1', 'direct', 'direct'],
    ['mpim', 'G1', 'group', 'mention'],
    ['group', 'C1', 'channel', 'mention'],
    ['channel', 'C1', 'channel', 'mention'],
    [undefined, 'C1', 'channel', 'mention'],
  ])('in a conversation of type %s', (channel_type, channel, surface, addressed) => {
    expect(question({ channel_type, channel })).toMatchObject({ surface, addressed });
  });

  it('follows up in an answered thread without a mention, but not when it speaks to someone else', () => {
    const over = { text: 'and for macros?', thread_ts: '16.000100' };
    expect(question(over, {}, true)).toMatchObject({ addressed: 'follow-up', text: 'and for macros?' });
    expect(message({ ...over, text: '<@U2> what do you say?' }, {}, true)).toBe('not-addressed');
    expect(message({ ...over, bot_id: 'B2' }, {}, true)).toBe('bot');
  });

  it('names the files that came along', () => {
    const files = [{ name: 'timing.rpt' }, { title: 'Log' }, {}];
    expect(question({ subtype: 'file_share', files }).attachments).toEqual(['timing.rpt', 'Log', 'a file']);
  });

  it('may be broadcast from a thread', () => {
    expect(question({ subtype: 'thread_broadcast', thread_ts: '16.1' }).addressed).toBe('mention');
  });
});

describe('who asks', () => {
  it.each([
    ['a colleague', {}, {}, 'human', 'T1'],
    ['a user of another workspace', { user_team: 'T2' }, {}, 'external', 'T2'],
    ['a stranger', { user_profile: { is_stranger: true } }, {}, 'external', 'T1'],
    ['a guest', { user_profile: { is_restricted: true } }, {}, 'guest', 'T1'],
    ['a guest of one channel', { user_profile: { is_ultra_restricted: true } }, {}, 'guest', 'T1'],
    ['someone of the organisation', { user: 'W1', user_team: 'E1' }, { enterprise_id: 'E1' }, 'human', 'E1'],
    [
      'someone in an organisation without team',
      { team: 'E1' },
      { team_id: null, enterprise_id: 'E1' },
      'human',
      'E1',
    ],
  ] as const)('%s', (_, over, envelope, kind, tenant) => {
    expect(question(over, envelope).author).toMatchObject({ kind, tenant });
  });

  it('keeps tenants apart where the same ids meet', () => {
    const here = question({ team: 'E1' }, { team_id: null, enterprise_id: 'E1' });
    const there = question({ team: 'E2' }, { team_id: null, enterprise_id: 'E2' });
    expect(here.id).not.toBe(there.id);
    expect(here.thread.tenant).not.toBe(there.thread.tenant);
  });
});

describe('commands and shortcuts', () => {
  const command = read(commandSchema, {
    command: '/ask',
    text: 'how dense?',
    team_id: 'T1',
    channel_id: 'C1',
    channel_name: 'general',
    user_id: 'U1',
    response_url: 'https://hooks.slack.com/commands/1',
    trigger_id: '1.2.3',
  });

  it('a command is answered to the asker', () => {
    const asked = fromCommand(command, ME, DELIVERY);
    expect(asked).toMatchObject({
      addressed: 'command',
      visibility: 'asker',
      surface: 'channel',
      text: 'how dense?',
    });
    expect(decodeAddress(asked.address)).toEqual({
      to: 'asker',
      channel: 'C1',
      user: 'U1',
      responseUrl: 'https://hooks.slack.com/commands/1',
    });
  });

  it.each([
    ['D1', 'directmessage', 'direct'],
    ['C1', 'mpdm-a--b--c-1', 'group'],
    ['C1', 'privategroup', 'channel'],
  ])('in %s named %s', (channel_id, channel_name, surface) => {
    expect(fromCommand({ ...command, channel_id, channel_name }, ME, DELIVERY).surface).toBe(surface);
  });

  it('a shortcut asks with the message, for the person who used it', () => {
    const shortcut = read(shortcutSchema, {
      team: { id: 'T1' },
      channel: { id: 'C1', name: 'general' },
      user: { id: 'U2', team_id: 'T1' },
      response_url: 'https://hooks.slack.com/app/1',
      message: {
        ts: '17.000100',
        thread_ts: '16.000100',
        text: 'It fails with STA-0450',
        files: [{ name: 'run.log' }],
      },
    });
    expect(fromShortcut(shortcut, ME, DELIVERY)).toMatchObject({
      id: 'T1:C1:17.000100:shortcut',
      author: { id: 'U2', kind: 'human' },
      thread: { key: 'C1:16.000100' },
      visibility: 'thread',
      attachments: ['run.log'],
    });
  });
});

describe('an address', () => {
  it('reads back as it was written', () => {
    const address = fc.oneof(
      fc.record({
        to: fc.constant('thread' as const),
        channel: fc.string(),
        thread: fc.string(),
        ts: fc.string(),
        user: fc.string(),
        team: fc.string(),
      }),
      fc.record({
        to: fc.constant('asker' as const),
        channel: fc.string(),
        user: fc.string(),
        responseUrl: fc.string(),
      }),
    );
    fc.assert(
      fc.property(address, (one) => {
        expect(decodeAddress(encodeAddress(one))).toEqual({ ...one });
      }),
    );
  });

  it.each(['', '{', 'null', '{"to":"moon"}'])('that says %j is refused with a cure', (text) => {
    expect(() => decodeAddress(text)).toThrow(ChipwrightError);
  });
});

it('makes one question of twins and retries, however they are interleaved', async () => {
  const slack = await connectSlack();
  const delivery = fc.record({
    type: fc.constantFrom('message', 'app_mention'),
    retry: fc.integer({ min: 0, max: 3 }),
    waitMs: fc.integer({ min: 0, max: 4 }),
  });
  let clock = 100;
  await fc.assert(
    fc.asyncProperty(fc.array(delivery, { minLength: 2, maxLength: 6 }), async (deliveries) => {
      clock += 1;
      const before = slack.inbox.taken.length;
      const event = { ...BASE, ts: `${clock}.000100`, client_msg_id: 'one' };
      await Promise.all(
        deliveries.map(async ({ type, retry, waitMs }) => {
          await new Promise((resolve) => setTimeout(resolve, waitMs));
          expect((await slack.slack.event({ ...event, type }, {}, retry)).status).toBe(200);
        }),
      );
      expect(slack.inbox.taken).toHaveLength(before + 1);
    }),
    { numRuns: 200 },
  );
  await slack.close();
});
