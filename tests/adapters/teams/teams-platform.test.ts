// The platform as a whole: what it says by itself, how it stops, and where its requests go.
import net from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BUSY, STOPPING, USAGE, WELCOME } from '../../../adapters/teams/usage.js';
import { newRecord } from '../../support/reply-record.js';
import { safe, sampleAnswer, sampleNotice } from '../../support/sample-answer.js';
import type { RawActivity } from '../../support/teams-stand-in.js';
import { type Bot, openBot } from './bot.js';

let bot: Bot;
beforeEach(async () => {
  bot = await openBot();
});
afterEach(() => bot.close());

const texts = () => bot.standIn.allVisible().map(({ text }) => text);

async function deliver(activity: RawActivity) {
  const { status } = await bot.standIn.deliver(bot.url, activity);
  await bot.quiet();
  return status;
}

describe('a thumb', () => {
  const thumb = (under: string, conversation: unknown, reaction: string): RawActivity => ({
    ...bot.standIn.personalMessage(''),
    type: 'invoke',
    name: 'message/submitAction',
    text: undefined,
    conversation,
    replyToId: under,
    value: { actionName: 'feedback', actionValue: { reaction, feedback: '{"feedbackText":"a canary"}' } },
  });

  it('is asked for below the first message of an answer, and below no notice', async () => {
    await deliver(bot.standIn.channelMention('how?'));
    const long = sampleAnswer({ markdown: 'Words of a long answer. '.repeat(3_000) });
    await bot.platform.replyTo(bot.inbox.only, newRecord()).finish(long);
    const loops = bot.standIn.sent
      .filter(({ activity }) => activity?.type === 'message')
      .map(({ activity }) => (activity?.channelData as { feedbackLoop?: unknown } | undefined)?.feedbackLoop);
    expect(loops.length).toBeGreaterThan(1);
    expect(loops).toEqual(loops.map((_, at) => (at === 0 ? { type: 'default' } : undefined)));
    const before = bot.standIn.sent.length;
    await deliver(bot.standIn.channelMention('why?'));
    await bot.platform.replyTo(bot.inbox.taken.at(-1) ?? bot.inbox.only, newRecord()).fail(sampleNotice());
    expect(JSON.stringify(bot.standIn.sent.slice(before))).not.toContain('feedbackLoop');
  });

  it.each([
    ['like', 'helpful'],
    ['dislike', 'unhelpful'],
  ] as const)(
    '%s finds its answer by what Teams sends back, in a channel and one to one',
    async (reaction, verdict) => {
      for (const asked of [bot.standIn.channelMention('how?'), bot.standIn.personalMessage('how?')]) {
        await deliver(asked);
        const question = bot.inbox.taken.at(-1);
        if (question === undefined) throw new Error('no question was taken');
        const { messageId, ratedAs } = await bot.platform
          .replyTo(question, newRecord())
          .finish(sampleAnswer());
        const { id, ...rest } = asked.conversation as { id: string };
        // In a channel Teams names the conversation without its thread.
        const conversation = { ...rest, id: id.split(';')[0] };
        expect(await deliver(thumb(messageId, conversation, reaction))).toBe(200);
        expect(bot.ratings.given.at(-1)).toMatchObject({ platform: 'teams', of: ratedAs, verdict });
      }
      expect(bot.ratings.given).toHaveLength(2);
      expect(bot.lines.join()).not.toContain('canary');
    },
  );

  it('that means nothing to us is taken and forgotten', async () => {
    const { conversation } = bot.standIn.personalMessage('');
    expect(await deliver(thumb('1', conversation, 'applause'))).toBe(200);
    expect(bot.ratings.given).toEqual([]);
  });
});

describe('what it says by itself', () => {
  it('welcomes once, although Teams reports an installation twice', async () => {
    for (const activity of bot.standIn.installation()) expect(await deliver(activity)).toBe(200);
    expect(texts()).toEqual([WELCOME]);
  });

  it('welcomes again after it was taken out and put back', async () => {
    const [added] = bot.standIn.installation();
    await deliver(added);
    await deliver({ ...added, action: 'remove' });
    await deliver(added);
    expect(texts()).toEqual([WELCOME, WELCOME]);
  });

  it('welcomes each conversation for itself, and nobody who merely joins', async () => {
    const [, joined] = bot.standIn.installation();
    await deliver({ ...joined, membersAdded: [{ id: '29:ada' }] });
    expect(texts()).toEqual([]);
    for (const id of ['a:1', 'a:2', 'a:1']) {
      await deliver({ ...joined, conversation: { id, conversationType: 'personal' } });
    }
    expect(texts()).toEqual([WELCOME, WELCOME]);
  });

  it('explains itself when asked for help, and asks nobody else', async () => {
    await deliver(bot.standIn.personalMessage('help'));
    await deliver(bot.standIn.channelMention('help'));
    expect(texts()).toEqual([USAGE, USAGE]);
    expect(bot.inbox.seen).toHaveLength(0);
  });

  it.each([
    ['overloaded', BUSY],
    ['draining', STOPPING],
  ] as const)('answers 200 and says so in the thread when the inbox is %s', async (admission, text) => {
    bot.inbox.admission = admission;
    const question = bot.standIn.channelMention('How dense?');
    expect(await deliver(question)).toBe(200);
    expect(bot.standIn.visible(question.conversation.id)).toMatchObject([{ text }]);
  });

  it('answers 200 to one who asked too much, and leaves the notice to the reply', async () => {
    bot.inbox.admission = 'limited';
    const question = bot.standIn.channelMention('How dense?');
    expect(await deliver(question)).toBe(200);
    expect(bot.standIn.visible(question.conversation.id)).toEqual([]);
  });

  it('is silent about a duplicate', async () => {
    const question = bot.standIn.channelMention('How dense?');
    await deliver(question);
    await deliver(question);
    expect(bot.inbox.seen).toHaveLength(2);
    expect(texts()).toEqual([]);
  });

  it('is not hurt by a welcome that Teams refuses', async () => {
    const stray = vi.fn();
    process.on('unhandledRejection', stray);
    bot.standIn.fail({ failure: { status: 403 }, times: 9 });
    await deliver(bot.standIn.installation()[0]);
    bot.standIn.fail({ failure: 'reset', times: 9 });
    await deliver(bot.standIn.personalMessage('help'));
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', stray);
    expect(stray).not.toHaveBeenCalled();
    expect(bot.lines.join()).toContain('delivery_rejected');
  });
});

describe('taking in', () => {
  it('holds a question safely before it answers 200', async () => {
    const order: string[] = [];
    const slow = await openBot(
      {},
      {
        async accept() {
          await new Promise((resolve) => setTimeout(resolve, 20));
          order.push('held');
          return 'accepted';
        },
      },
    );
    await slow.standIn.deliver(slow.url, slow.standIn.personalMessage('How dense?'));
    order.push('answered');
    expect(order).toEqual(['held', 'answered']);
    await slow.close();
  });

  it('answers each thread of a channel in its own place', async () => {
    const first = bot.standIn.channelMention('One?');
    const second = bot.standIn.channelMention('Two?');
    const later = bot.standIn.followUp(first, 'And then?');
    for (const activity of [first, second, later]) await deliver(activity);
    for (const message of bot.inbox.taken)
      await bot.platform.replyTo(message, newRecord()).finish(sampleAnswer());
    expect(bot.standIn.visible(first.conversation.id)).toHaveLength(2);
    expect(bot.standIn.visible(second.conversation.id)).toHaveLength(1);
  });
});

describe('stopping', () => {
  it('takes no more questions, and says so', async () => {
    await bot.platform.stop(AbortSignal.timeout(1000));
    await deliver(bot.standIn.personalMessage('How dense?'));
    expect(bot.inbox.seen).toHaveLength(0);
    expect(texts()).toEqual([STOPPING]);
  });

  it('waits for what is being sent', async () => {
    await deliver(bot.standIn.channelMention('How dense?'));
    const sending = bot.platform.replyTo(bot.inbox.only, newRecord()).finish(sampleAnswer());
    await bot.platform.stop(AbortSignal.timeout(5000));
    expect(texts()).toHaveLength(1);
    await sending;
  });

  it('but not longer than it is told', async () => {
    await deliver(bot.standIn.channelMention('How dense?'));
    bot.standIn.fail({ failure: 'hang' });
    const sending = bot.platform
      .replyTo(bot.inbox.only, newRecord())
      .finish(sampleAnswer())
      .catch(() => 'given up');
    await bot.platform.stop(AbortSignal.abort());
    expect(texts()).toHaveLength(0);
    expect(await sending).toBe('given up');
  });
});

describe('the network', () => {
  it('sees loopback alone, from the login to the last part of an answer', async () => {
    const hosts = new Set<string>();
    const { connect } = net.Socket.prototype;
    const spy = vi.spyOn(net.Socket.prototype, 'connect').mockImplementation(function (
      this: net.Socket,
      ...args: unknown[]
    ) {
      const flat = args.flat(2) as { host?: string; path?: string }[];
      hosts.add(flat[0]?.host ?? flat[0]?.path ?? 'localhost');
      return Reflect.apply(connect, this, args);
    });
    const watched = await openBot();
    await watched.standIn.deliver(watched.url, watched.standIn.personalMessage('How dense?'));
    // An Emulator's token would make botbuilder ask Microsoft for other keys.
    const emulated = watched.standIn.personalMessage('x');
    const iss = 'https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/';
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    await watched.standIn.deliver(
      watched.url,
      emulated,
      `Bearer ${await watched.standIn.token(emulated, { iss })}`,
    );
    const reply = watched.platform.replyTo(watched.inbox.only, newRecord());
    reply.status('searching');
    await reply.stream(safe('Set'));
    await reply.finish(sampleAnswer());
    await watched.close();
    spy.mockRestore();
    vi.restoreAllMocks();
    expect([...hosts]).toEqual(['127.0.0.1']);
  });

  it('does not follow a redirect with the token of the bot', async () => {
    await deliver(bot.standIn.channelMention('How dense?'));
    bot.standIn.fail({ failure: { status: 307 } });
    await expect(
      bot.platform.replyTo(bot.inbox.only, newRecord()).finish(sampleAnswer()),
    ).rejects.toMatchObject({
      code: 'delivery_rejected',
    });
    expect(bot.standIn.sent).toHaveLength(1);
  });
});
