// Messages on a bad day: sent again when that is safe, never shown twice, and given up with a reason.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConnectorFailure } from '../../../adapters/teams/connector-transport.js';
import { deliveryError, retryAfterMs } from '../../../adapters/teams/delivery-error.js';
import { ChipwrightError } from '../../../src/errors.js';
import { newRecord, recordAgain } from '../../support/reply-record.js';
import { sampleAnswer, sampleNotice } from '../../support/sample-answer.js';
import type { Failure } from '../../support/teams-stand-in.js';
import { type Bot, deadUrl, openBot } from './bot.js';

let bot: Bot;
const stray: unknown[] = [];
const onStray = (reason: unknown) => void stray.push(reason);
beforeEach(async () => {
  stray.length = 0;
  process.on('unhandledRejection', onStray);
  bot = await openBot();
});
afterEach(async () => {
  await bot.close();
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', onStray);
  expect(stray).toEqual([]);
});

async function asked() {
  await bot.standIn.deliver(bot.url, bot.standIn.channelMention('How dense?'));
  return bot.platform.replyTo(bot.inbox.only, newRecord());
}

const seen = () => bot.standIn.allVisible();

describe('taken up again after a crash', () => {
  it.each<[Failure, string[]]>([
    ['lost', ['Set the density', 'interrupted while it was sending the answer']],
    [{ status: 403 }, ['Set the density']],
  ])('after %o it never answers twice, and never says nothing', async (failure, texts) => {
    await bot.standIn.deliver(bot.url, bot.standIn.channelMention('How dense?'));
    const record = newRecord();
    bot.standIn.fail({ failure, times: 1 });
    const first = bot.platform.replyTo(bot.inbox.only, record).finish(sampleAnswer());
    await expect(first).rejects.toMatchObject({ code: 'delivery_rejected' });
    await bot.platform.replyTo(bot.inbox.only, recordAgain(record)).finish(sampleAnswer());
    expect(seen().map(({ text }) => text)).toEqual(texts.map((text) => expect.stringContaining(text)));
  });
});

describe('sending again', () => {
  it.each<[Failure & object]>([[{ status: 412 }], [{ status: 429 }], [{ status: 502 }], [{ status: 504 }]])(
    'after %o, twice if need be',
    async (failure) => {
      bot.standIn.fail({ failure, times: 2 });
      await (await asked()).finish(sampleAnswer());
      expect(seen()).toHaveLength(1);
      expect(bot.waits).toEqual([500, 1000]);
    },
  );

  it.each<[Failure & object, string]>([
    [{ status: 400 }, 'malformed'],
    [{ status: 401 }, 'secret'],
    [{ status: 403, code: 'BotNotInConversationRoster' }, 'removed'],
    [{ status: 404, code: 'ConversationNotFound' }, 'removed'],
    [{ status: 413, code: 'MessageSizeTooBig' }, 'too large'],
    [{ status: 500 }, 'Ask again'],
  ])('not after %o', async (failure, cure) => {
    bot.standIn.fail({ failure, times: 9 });
    await expect((await asked()).finish(sampleAnswer())).rejects.toMatchObject({
      code: 'delivery_rejected',
      message: expect.not.stringContaining('internal words'),
      cure: expect.stringContaining(cure),
    });
    expect(bot.standIn.sent).toHaveLength(1);
  });

  it('waits as long as Teams asks, and a little more', async () => {
    bot.standIn.fail({ failure: { status: 429, retryAfter: '7' } });
    await (await asked()).finish(sampleAnswer());
    expect(bot.waits).toEqual([7250]);
  });

  it('does not send again before the time that Teams asks for, and hands a long one on', async () => {
    bot.standIn.fail({ failure: { status: 429, retryAfter: '120' } });
    await expect((await asked()).finish(sampleAnswer())).rejects.toMatchObject({
      code: 'delivery_rate_limited',
      retryable: true,
      retryAfterMs: 120_000,
    });
    expect(bot.standIn.sent).toHaveLength(1);
    expect(bot.waits).toEqual([]);
  });

  it('gives up after four times', async () => {
    bot.standIn.fail({ failure: { status: 429, retryAfter: '1' }, times: 9 });
    await expect((await asked()).finish(sampleAnswer())).rejects.toMatchObject({
      code: 'delivery_rate_limited',
      retryable: true,
      retryAfterMs: 1000,
    });
    expect(bot.standIn.sent).toHaveLength(4);
  });

  it.each([
    ['1', 1000],
    ['30', 30_000],
    [' 5 ', 5000],
    ['Sun, 01 Mar 2026 12:00:09 GMT', 9000],
    ['Sun, 01 Mar 2026 11:00:00 GMT', 0],
    ['soon', undefined],
    ['-1', undefined],
    ['1e9', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('reads Retry-After %j as %j ms', (header, ms) => {
    expect(retryAfterMs(header, Date.parse('2026-03-01T12:00:00Z'))).toBe(ms);
  });
});

describe('a lost answer', () => {
  it('is reported as unsure, and a word about it follows instead of a second answer', async () => {
    bot.standIn.fail({ failure: 'lost' });
    const reply = await asked();
    await expect(reply.finish(sampleAnswer())).rejects.toMatchObject({
      code: 'delivery_rejected',
      retryable: true,
      message: expect.stringContaining('may be shown or not'),
    });
    await reply.finish(sampleAnswer());
    await reply.finish(sampleAnswer());
    await reply.fail(sampleNotice());
    expect(seen().map(({ text }) => text)).toEqual([
      expect.stringContaining('Set the density'),
      expect.stringContaining('interrupted while it was sending the answer'),
    ]);
  });

  it('is given up in time when Teams hangs', async () => {
    bot.standIn.fail({ failure: 'hang' });
    await expect((await asked()).finish(sampleAnswer())).rejects.toMatchObject({ code: 'delivery_rejected' });
    expect(bot.standIn.sent).toHaveLength(1);
  });

  it('is no loss when the request never left', async () => {
    const reply = await asked();
    // Nobody listens there: the message is sent again until Teams is back, here never.
    const gone = bot.inbox.only.address.replace(bot.standIn.url, await deadUrl());
    const lost = bot.platform.replyTo({ ...bot.inbox.only, address: gone }, newRecord());
    await expect(lost.finish(sampleAnswer())).rejects.toMatchObject({
      code: 'delivery_rejected',
      retryable: true,
    });
    expect(bot.waits).toHaveLength(3);
    await reply.finish(sampleAnswer());
    expect(seen()).toHaveLength(1);
  });
});

describe('endings', () => {
  it('lets a notice follow an answer that Teams refused outright', async () => {
    bot.standIn.fail({ failure: { status: 400 } });
    const reply = await asked();
    await expect(reply.finish(sampleAnswer())).rejects.toMatchObject({ code: 'delivery_rejected' });
    await reply.fail(sampleNotice());
    expect(seen()).toMatchObject([{ text: expect.stringContaining('ref-1') }]);
  });

  it('says nothing twice when a later part of a long answer fails', async () => {
    const markdown = Array.from({ length: 4 }, () => 'word '.repeat(2000)).join('\n\n');
    const reply = await asked();
    let messages = 0;
    bot.standIn.fail({
      failure: { status: 403 },
      when: ({ activity }) => activity.type === 'message' && ++messages > 1,
    });
    await expect(reply.finish(sampleAnswer({ markdown }))).rejects.toMatchObject({
      code: 'delivery_rejected',
    });
    await expect(reply.fail(sampleNotice())).rejects.toMatchObject({ code: 'delivery_rejected' });
    expect(seen()).toHaveLength(1);
  });

  it('holds no other conversation up', async () => {
    const first = await asked();
    bot.standIn.fail({
      failure: 'hang',
      when: ({ conversationId }) => conversationId.startsWith('19:channel'),
    });
    const stuck = first.finish(sampleAnswer()).catch(() => 'given up');
    await bot.standIn.deliver(bot.url, bot.standIn.groupMention('And here?'));
    const second = bot.platform.replyTo(bot.inbox.taken[1] ?? bot.inbox.only, newRecord());
    await second.finish(sampleAnswer());
    expect(bot.standIn.visible('19:group@thread.v2')).toHaveLength(1);
    expect(await stuck).toBe('given up');
  });

  it('keeps the pace of each conversation apart: one a second where a stream may be open', async () => {
    await (await asked()).finish(sampleAnswer());
    await bot.standIn.deliver(bot.url, bot.standIn.personalMessage('And here?'));
    await bot.platform.replyTo(bot.inbox.taken[1] ?? bot.inbox.only, newRecord()).finish(sampleAnswer());
    expect(bot.gaps).toEqual([
      [bot.inbox.taken[0]?.thread.key, 500],
      ['a:personal-ada', 1000],
    ]);
  });

  it('gives up at once when the pace was stopped', async () => {
    const { message, cure } = { message: 'The process is stopping.', cure: 'Ask again in a minute.' };
    const stopped = new ChipwrightError('draining', message, { cure, retryable: true });
    const ended = await openBot({}, bot.inbox, { run: () => Promise.reject(stopped) });
    await asked();
    await expect(
      ended.platform.replyTo(bot.inbox.only, newRecord()).finish(sampleAnswer()),
    ).rejects.toMatchObject({
      code: 'delivery_rejected',
      cure,
    });
    expect(ended.waits).toEqual([]);
    await ended.close();
  });

  it('logs neither text nor secrets', async () => {
    bot.standIn.fail({ failure: { status: 403 }, times: 9 });
    await (await asked()).finish(sampleAnswer()).catch(() => undefined);
    const lines = bot.lines.join('\n');
    expect(lines).toContain('delivery_rejected');
    expect(lines).not.toMatch(/How dense|density|stand-in-password|bot-token|internal words/);
  });
});

describe('reasons', () => {
  it.each<[unknown, object]>([
    [
      new ConnectorFailure('x', { status: 429, applied: 'no' }),
      { code: 'delivery_rate_limited', retryable: true },
    ],
    [
      new ConnectorFailure('x', { status: 503, applied: 'no' }),
      { code: 'delivery_rejected', retryable: true },
    ],
    [new ConnectorFailure('x', { status: 412, applied: 'no' }), { retryable: true }],
    [
      new ConnectorFailure('x', { status: 403, code: 'Blocked', applied: 'no' }),
      { retryable: false, message: expect.stringContaining('403, Blocked') },
    ],
    [
      new ConnectorFailure('x', { applied: 'no' }),
      { retryable: true, message: expect.stringContaining('no connection') },
    ],
    [new ConnectorFailure('x', { applied: 'unknown' }), { retryable: true }],
    [
      new ChipwrightError('draining', 'x', { cure: 'wait', retryable: true }),
      { code: 'delivery_rejected', cure: 'wait', retryable: true },
    ],
    [
      new TypeError('secret words'),
      { code: 'delivery_rejected', message: expect.not.stringContaining('secret') },
    ],
    ['a string', { code: 'delivery_rejected' }],
    [undefined, { code: 'delivery_rejected' }],
  ])('%s', (thrown, error) => {
    expect(deliveryError(thrown, 0)).toMatchObject(error);
  });
});
