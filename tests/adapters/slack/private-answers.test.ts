// The slash command, its private answer and the button that shares it; the message shortcut; the opened home.
import { afterEach, describe, expect, it } from 'vitest';
import { wordsPart } from '../../../adapters/slack/render/message.js';
import { ResponseUrls } from '../../../adapters/slack/response-url.js';
import type { Status } from '../../../src/conversation/reply.js';
import { ChipwrightError } from '../../../src/errors.js';
import { newRecord, recordAgain } from '../../support/reply-record.js';
import { sampleAnswer, sampleNotice } from '../../support/sample-answer.js';
import { type Ephemeral, visible } from '../../support/slack-stand-in.js';
import { type ConnectedSlack, type ConnectOptions, connectSlack } from './connected-slack.js';

let connected: ConnectedSlack;
afterEach(() => connected.close());

const settled = () => new Promise((resolve) => setTimeout(resolve, 60));
const shown = () => connected.slack.ephemerals.map(visible);
const last = () => connected.slack.ephemerals.at(-1) as Ephemeral;

async function ask(text = 'How dense may placement be?', options: ConnectOptions = {}) {
  connected = await connectSlack(options);
  const told = await connected.slack.slash(text);
  return { ...connected, told };
}

async function answered(over: Parameters<typeof sampleAnswer>[0] = {}, options: ConnectOptions = {}) {
  const asked = await ask(undefined, options);
  const reply = asked.platform.replyTo(asked.question(), newRecord());
  const delivery = await reply.finish(sampleAnswer(over));
  return { ...asked, reply, delivery };
}

describe('one who waits after the command', () => {
  it('is told the place in the queue once, and gets the answer all the same', async () => {
    const { platform, question } = await ask();
    const waiting = (status: Status) => platform.replyTo(question(), newRecord()).status(status);
    waiting({ before: 1, first: true });
    await settled();
    waiting({ before: 0, first: false });
    await settled();
    await platform.replyTo(question(), newRecord()).finish(sampleAnswer());
    expect(shown()).toHaveLength(3);
    expect(shown()[1]).toBe('One question is before yours; the answer follows.');
  });

  it('is told nothing when the turn is next', async () => {
    const { platform, question } = await ask();
    platform.replyTo(question(), newRecord()).status({ before: 0, first: true });
    await settled();
    expect(shown()).toHaveLength(1);
  });
});

for (const by of ['http', 'socket'] as const) {
  describe(`the command over ${by}`, () => {
    it('says at once that it searches, and repeats the question', async () => {
      const { inbox } = await ask(undefined, { by });
      expect(shown()).toEqual(['Searching …\nYou asked: How dense may placement be?']);
      expect(inbox.only).toMatchObject({ visibility: 'asker', addressed: 'command' });
    });

    it.each(['', '  ', 'help', 'HELP', '?'])('explains itself when it is told %j', async (text) => {
      const { inbox } = await ask(text, { by });
      expect(shown()[0]).toContain('/ask How do I set');
      expect(inbox.seen).toHaveLength(0);
    });

    it.each([
      ['overloaded', 'too many questions'],
      ['draining', 'restarted'],
    ] as const)('tells the person to ask again while the inbox is %s', async (admission, words) => {
      connected = await connectSlack({ by });
      connected.inbox.admission = admission;
      const told = await connected.slack.slash('How dense?');
      expect(told.taken).toBe(true);
      expect(shown()[0]).toContain(words);
    });

    it('says nothing by itself to one who asked too much: the notice comes as every answer does', async () => {
      connected = await connectSlack({ by });
      connected.inbox.admission = 'limited';
      expect((await connected.slack.slash('How dense?')).taken).toBe(true);
      expect(shown()).toEqual([]);
    });

    it('is answered to the asker alone, with the question and a button', async () => {
      const { slack, told } = await answered({}, { by });
      expect(visible(last())).toMatch(
        /^You asked: How dense may placement be\?\nSet the density to 0\.6 \[1\]\.[\s\S]*\(Share in channel\)$/,
      );
      expect(last()).toMatchObject({ channel: 'C1', user: 'U1' });
      expect(slack.seen()).toEqual([]);
      expect(slack.usesLeft(told.responseUrl)).toBe(4);
    });
  });
}

describe('a private answer', () => {
  it('comes once', async () => {
    const { reply, delivery } = await answered();
    expect(await reply.finish(sampleAnswer())).toEqual(delivery);
    expect(await reply.fail(sampleNotice())).toEqual(delivery);
    expect(shown()).toHaveLength(2);
  });

  it('may be a notice', async () => {
    const { platform, question } = await ask();
    await platform.replyTo(question(), newRecord()).fail(sampleNotice());
    expect(shown().at(-1)).toMatch(/Ask again in a minute[\s\S]*ref-1/);
  });

  it('shows no draft and no status', async () => {
    const { platform, question, slack } = await ask();
    const reply = platform.replyTo(question(), newRecord());
    reply.status('searching');
    await reply.stream(sampleAnswer().markdown);
    await settled();
    expect(slack.calls.map(({ method }) => method)).toEqual(['auth.test']);
  });

  it('never uses its address more often than Slack allows', async () => {
    const markdown = Array.from({ length: 60 }, (_, at) => `${at} `.padEnd(1_000, 'x')).join('\n\n');
    const { slack, told, delivery } = await answered({ markdown });
    expect(delivery.parts).toBe(4);
    expect(slack.usesLeft(told.responseUrl)).toBe(1);
    expect(visible(last())).toContain('The rest of this answer is shown when you share it');
  });

  it('finds another way when its address has expired', async () => {
    const { slack, told, platform, question } = await ask();
    slack.expire(told.responseUrl);
    await platform.replyTo(question(), newRecord()).finish(sampleAnswer());
    expect(slack.callsOf('chat.postEphemeral')).toHaveLength(1);
    expect(visible(last())).toContain('0.6');
  });

  it('says so when no way is left', async () => {
    const { slack, told, platform, question } = await ask();
    slack.expire(told.responseUrl);
    slack.fail('chat.postEphemeral', { error: 'not_in_channel' });
    const failed = platform.replyTo(question(), newRecord()).finish(sampleAnswer());
    await expect(failed).rejects.toMatchObject({ code: 'delivery_rejected', retryable: false });
  });

  it('that failed on the way may be tried again', async () => {
    const { slack, platform, question } = await ask();
    slack.fail('response_url', { status: 500 });
    const reply = platform.replyTo(question(), newRecord());
    await expect(reply.finish(sampleAnswer())).rejects.toMatchObject({ retryable: true });
    await reply.finish(sampleAnswer());
    expect(shown()).toHaveLength(2);
  });
});

describe('a private answer that is taken up again after a crash', () => {
  it('is not sent again', async () => {
    const { platform, question } = await ask();
    const record = newRecord();
    await platform.replyTo(question(), record).finish(sampleAnswer());
    const before = shown().length;
    await platform.replyTo(question(), recordAgain(record)).finish(sampleAnswer());
    await platform.replyTo(question(), recordAgain(record)).fail(sampleNotice());
    expect(shown()).toHaveLength(before);
  });

  it('is sent when it was not before', async () => {
    const { platform, question, slack, told } = await ask();
    const record = newRecord();
    slack.expire(told.responseUrl);
    slack.fail('chat.postEphemeral', { error: 'not_in_channel' });
    await expect(platform.replyTo(question(), record).finish(sampleAnswer())).rejects.toThrow();
    await platform.replyTo(question(), recordAgain(record)).finish(sampleAnswer());
    expect(visible(last())).toContain('0.6');
  });

  it('gives way to a word about it when it may have been sent', async () => {
    const { platform, question, slack } = await ask();
    const record = newRecord();
    slack.fail('response_url', { status: 500 });
    await expect(platform.replyTo(question(), record).finish(sampleAnswer())).rejects.toThrow();
    await platform.replyTo(question(), recordAgain(record)).finish(sampleAnswer());
    expect(visible(last())).toContain('interrupted while I was sending you the answer');
  });
});

describe('the button', () => {
  it('shares the answer with the question and who shared it, once', async () => {
    const { slack } = await answered();
    const button = last();
    await Promise.all([slack.press(button), slack.press(button)]);
    await settled();
    expect(slack.seen()).toHaveLength(1);
    expect(slack.seen()[0]).toMatch(
      /^@U1 shared an answer\.\nYou asked: How dense may placement be\?\nSet the density[\s\S]*Placement guide 1/,
    );
    expect(visible(button)).toBe('Shared in this channel.');
    expect(slack.callsOf('chat.postMessage')[0]).toMatchObject({ unfurl_links: 'false', parse: 'none' });
  });

  it('shares a long answer as a thread', async () => {
    const markdown = ['a', 'b', 'c'].map((letter) => letter.repeat(7_000)).join('\n\n');
    const { slack } = await answered({ markdown });
    await slack.press(last());
    await settled();
    await settled();
    const [first, ...rest] = slack.messages.filter(({ user }) => user === 'UBOT');
    expect(rest.map(({ thread }) => thread)).toEqual([first?.ts, first?.ts]);
  });

  it('of an answer from before a restart says to ask again', async () => {
    const { slack } = await answered();
    const again = await connectSlack({ slack });
    await slack.press(last());
    await settled();
    expect(visible(last())).toContain('Ask again');
    expect(slack.seen()).toEqual([]);
    await again.close();
  });

  it.each([{ user: 'U2' }, { channel: 'C2' }])(
    'does nothing for someone or somewhere else: %j',
    async (where) => {
      const { slack } = await answered();
      await slack.press(last(), where);
      await settled();
      expect(slack.seen('C1')).toEqual([]);
      expect(slack.seen('C2')).toEqual([]);
    },
  );

  it('says why it could not share, and works again then', async () => {
    const { slack } = await answered();
    const button = last();
    slack.fail('chat.postMessage', { error: 'not_in_channel' });
    await slack.press(button);
    await settled();
    expect(visible(last())).toContain('Invite me to the channel');
    await slack.press(button);
    await settled();
    expect(slack.seen()).toHaveLength(1);
  });

  it('goes on after the parts that were posted, when it is pressed again after a failure', async () => {
    const markdown = ['a', 'b', 'c'].map((letter) => letter.repeat(7_000)).join('\n\n');
    const { slack } = await answered({ markdown });
    const button = last();
    const posts = () => slack.callsOf('chat.postMessage').length;
    const pressed = slack.press(button);
    while (posts() < 1) await new Promise((resolve) => setTimeout(resolve, 1));
    slack.fail('chat.postMessage', { error: 'restricted_action' });
    await pressed;
    await settled();
    expect(visible(last())).toContain('could not share');
    expect(slack.messages.filter(({ user }) => user === 'UBOT')).toHaveLength(1);
    await slack.press(button);
    await settled();
    await settled();
    const [first, ...rest] = slack.messages.filter(({ user }) => user === 'UBOT');
    expect(rest.map(({ thread }) => thread)).toEqual([first?.ts, first?.ts]);
  });

  it('shares in plain blocks what Slack does not take in rich ones', async () => {
    const { slack } = await answered();
    slack.fail('chat.postMessage', { error: 'invalid_blocks' });
    await slack.press(last());
    await settled();
    expect(slack.seen()).toHaveLength(1);
    expect(slack.seen()[0]).toMatch(/@U1 shared an answer[\s\S]*Set the density/);
  });

  it('shares once although the response was lost', async () => {
    const { slack } = await answered();
    slack.fail('chat.postMessage', 'lost');
    await slack.press(last());
    await connected.platform.stop(AbortSignal.timeout(3_000)); // Waits for what was begun.
    expect(slack.seen()).toHaveLength(1);
  });
});

describe('the message shortcut', () => {
  it('asks with the message, and is answered in its thread', async () => {
    connected = await connectSlack();
    const { slack, inbox, platform } = connected;
    const { ts } = await slack.write('It fails with STA-0450');
    expect((await slack.shortcut(ts, 'It fails with STA-0450')).status).toBe(200);
    expect(inbox.only).toMatchObject({
      text: 'It fails with STA-0450',
      visibility: 'thread',
      author: { id: 'U2' },
    });
    await platform.replyTo(inbox.only, newRecord()).finish(sampleAnswer());
    expect(slack.seen('C1', ts)).toHaveLength(1);
  });

  it('says why nothing happens', async () => {
    connected = await connectSlack();
    const { slack, inbox } = connected;
    await slack.shortcut('17.000100', '');
    await slack.shortcut('18.000100', 'It fails');
    await slack.shortcut('18.000100', 'It fails');
    inbox.admission = 'overloaded';
    await slack.shortcut('19.000100', 'It fails');
    await settled();
    expect(shown()).toEqual([
      expect.stringContaining('no text'),
      expect.stringContaining('Look in its thread'),
      expect.stringContaining('Ask again in a minute'),
    ]);
    expect(inbox.taken).toHaveLength(1);
  });
});

it('offers prompts when the conversation is opened, and does not mind when it cannot', async () => {
  connected = await connectSlack();
  const { slack } = connected;
  expect((await slack.openHome()).status).toBe(200);
  slack.fail('assistant.threads.setSuggestedPrompts', { error: 'missing_scope' });
  expect((await slack.openHome()).status).toBe(200);
  await settled();
  expect(slack.callsOf('assistant.threads.setSuggestedPrompts')).toHaveLength(2);
});

describe('a response address', () => {
  const sentTo = async (url: string, apiUrl?: string) => {
    const hosts: string[] = [];
    const urls = new ResponseUrls(apiUrl, async (to) => {
      hosts.push(new URL(String(to)).host);
      return new Response('ok');
    });
    const error = await urls.send(url, { part: wordsPart('hi') }).catch((thrown: unknown) => thrown);
    return { hosts, error };
  };

  it.each([
    ['https://hooks.slack.com/commands/1/2', undefined],
    ['https://hooks.slack-gov.com/commands/1/2', undefined],
    ['http://localhost:4000/respond/1', 'http://localhost:4000/api/'],
  ])('%s is Slack', async (url, apiUrl) => {
    expect((await sentTo(url, apiUrl)).hosts).toHaveLength(1);
  });

  it.each([
    'http://hooks.slack.com/1',
    'https://slack.com.evil.example/1',
    'https://evilslack.com/1',
    'https://hooks.slack.com:8443/1',
    'https://user:word@hooks.slack.com/1',
    'https://hooks.slack.com@evil.example/1',
    'http://169.254.169.254/latest',
    'http://localhost:4001/respond/1',
    'file:///etc/passwd',
    'no address',
  ])('%s is not', async (url) => {
    const { hosts, error } = await sentTo(url, 'http://localhost:4000/api/');
    expect(hosts).toEqual([]);
    expect(error).toBeInstanceOf(ChipwrightError);
  });
});
