// Drafts in a personal chat: shown while they grow, replaced by exactly one final message whatever happens.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newRecord } from '../../support/reply-record.js';
import { safe, sampleAnswer, sampleNotice } from '../../support/sample-answer.js';
import type { Failure, RawActivity, WireRequest } from '../../support/teams-stand-in.js';
import { type Bot, openBot } from './bot.js';

let bot: Bot;
beforeEach(async () => {
  bot = await openBot();
});
afterEach(() => bot.close());

async function asked(text = 'How dense?') {
  await bot.standIn.deliver(bot.url, bot.standIn.personalMessage(text));
  return bot.platform.replyTo(bot.inbox.taken.at(-1) ?? bot.inbox.only, newRecord());
}

const personal = 'a:personal-ada';
const seen = () => bot.standIn.visible(personal);
const streamOf = ({ activity }: WireRequest) =>
  activity?.entities?.find((entity: RawActivity) => entity.type === 'streaminfo');

async function streamAll(reply: Awaited<ReturnType<typeof asked>>, drafts: readonly string[]) {
  for (const draft of drafts) {
    await reply.stream(safe(draft));
    await bot.quiet();
  }
}

describe('a stream', () => {
  it('informs, grows and ends under one id, with label and citations at the end alone', async () => {
    const reply = await asked();
    reply.status('searching');
    await bot.quiet();
    await streamAll(reply, ['Set', 'Set the density', 'Set the density to 0.6 [1].']);
    await reply.finish(sampleAnswer());
    const infos = bot.standIn.sent.map(streamOf);
    expect(infos).toEqual([
      { type: 'streaminfo', streamType: 'informative', streamSequence: 1 },
      { type: 'streaminfo', streamType: 'streaming', streamSequence: 2, streamId: 'bot-message-1' },
      { type: 'streaminfo', streamType: 'streaming', streamSequence: 3, streamId: 'bot-message-1' },
      { type: 'streaminfo', streamType: 'streaming', streamSequence: 4, streamId: 'bot-message-1' },
      { type: 'streaminfo', streamType: 'final', streamId: 'bot-message-1' },
    ]);
    const types = bot.standIn.sent.map(({ activity }) => activity.type);
    expect(types).toEqual(['typing', 'typing', 'typing', 'typing', 'message']);
    expect(bot.standIn.sent.slice(0, -1).every(({ raw }) => !raw.includes('schema.org'))).toBe(true);
    expect(bot.standIn.sent.at(-1)?.activity.entities).toHaveLength(2);
    expect(seen()).toMatchObject([{ id: 'bot-message-1', state: 'final' }]);
  });

  it('does not begin while a question waits: its two minutes would run out', async () => {
    const reply = await asked();
    reply.status({ before: 4, first: false });
    await bot.quiet();
    expect(bot.standIn.sent.map(({ activity }) => [activity.type, activity.entities ?? []])).toEqual([
      ['typing', []],
    ]);
    reply.status('searching');
    await bot.quiet();
    await reply.finish(sampleAnswer());
    expect(seen()).toMatchObject([{ state: 'final' }]);
  });

  it('tells one who waits their place in the queue, in one line beside the answer', async () => {
    const reply = await asked();
    reply.status({ before: 4, first: true });
    await bot.quiet();
    await reply.finish(sampleAnswer());
    expect(seen()).toMatchObject([
      { text: '4 questions are before yours; the answer follows.' },
      { state: 'final' },
    ]);
  });

  it('says nothing of a place to one whose turn is next', async () => {
    const reply = await asked();
    reply.status({ before: 0, first: true });
    await bot.quiet();
    expect(bot.standIn.sent.map(({ activity }) => activity.type)).toEqual(['typing']);
  });

  it('ends an informative line that no draft followed', async () => {
    const reply = await asked();
    reply.status('searching');
    await bot.quiet();
    const delivery = await reply.finish(sampleAnswer());
    expect(delivery.messageId).toBe('bot-message-1');
    expect(seen()).toMatchObject([{ state: 'final' }]);
  });

  it('sends at most one draft in 1.5 s, however many words come', async () => {
    const reply = await asked();
    bot.clock.step = 0;
    let text = '';
    for (let at = 0; at < 500; at += 1) {
      bot.clock.now += 20;
      text += 'word ';
      await reply.stream(safe(text));
      if (at % 25 === 0) await bot.quiet();
    }
    await reply.finish(sampleAnswer());
    expect(bot.standIn.sent.length).toBeGreaterThan(2);
    expect(bot.standIn.sent.length).toBeLessThanOrEqual(9);
  });

  it('sends one thing at a time', async () => {
    const reply = await asked();
    bot.standIn.fail({ failure: 'hang' });
    for (const draft of ['a', 'ab', 'abc', 'abcd']) await reply.stream(safe(draft));
    await bot.standIn.until(() => bot.standIn.sent.length > 0);
    expect(bot.standIn.sent).toHaveLength(1);
    await reply.finish(sampleAnswer());
    expect(seen()).toMatchObject([{ state: 'final' }]);
  });

  it('shows nothing that a later word would redraw', async () => {
    const reply = await asked();
    await streamAll(reply, [
      'Intro.\n\n| a',
      'Intro.\n\n| a | b |\n| - | - |\n| 1 | 2 |',
      'Intro.\n\n| a | b |\n| - | - |\n| 1 | 2 |\n\n# Head',
      'Intro.\n\n| a | b |\n| - | - |\n| 1 | 2 |\n\n# Heading\n\nMore `a < b` and x < y.',
    ]);
    await reply.finish(sampleAnswer());
    const texts = bot.standIn.sent.slice(0, -1).map(({ activity }) => activity.text);
    expect(texts.length).toBeGreaterThan(1);
    for (const [at, text] of texts.entries()) expect(text?.startsWith(texts[at - 1] ?? '')).toBe(true);
    expect(texts.at(-1)).toContain('**Heading**');
    expect(texts.at(-1)).toContain('`a < b` and x &lt; y');
  });

  it('is not tried outside personal chats', async () => {
    await bot.standIn.deliver(bot.url, bot.standIn.groupMention('How dense?'));
    const reply = bot.platform.replyTo(bot.inbox.only, newRecord());
    reply.status('searching');
    await bot.quiet();
    await streamAll(reply, ['Set', 'Set the']);
    await reply.finish(sampleAnswer());
    expect(bot.standIn.sent.map(({ activity }) => activity.type)).toEqual(['typing', 'message']);
    expect(bot.standIn.sent.every((request) => streamOf(request) === undefined)).toBe(true);
  });
});

describe('a stream that breaks', () => {
  const isDraft = (request: WireRequest) => streamOf(request)?.streamType === 'streaming';
  const isEnd = (request: WireRequest) => streamOf(request)?.streamType === 'final';
  const notAllowed: Failure = { status: 403, code: 'ContentStreamNotAllowed' };

  it.each<[string, Failure, (request: WireRequest) => boolean]>([
    ['a draft after two minutes', notAllowed, isDraft],
    ['a draft by a limit', { status: 429, retryAfter: '1' }, isDraft],
    ['a draft by a gateway', { status: 502 }, isDraft],
    ['a draft by a broken connection', 'reset', isDraft],
    ['a draft whose answer is lost', 'lost', isDraft],
    ['a draft that hangs', 'hang', isDraft],
    ['the end after two minutes', notAllowed, isEnd],
    ['the end by a limit', { status: 429, retryAfter: '1' }, isEnd],
    ['the end by a gateway', { status: 504 }, isEnd],
    ['the end by a broken connection', 'reset', isEnd],
    ['the end whose answer is lost', 'lost', isEnd],
    ['the end that hangs', 'hang', isEnd],
    ['the end as malformed', { status: 400, code: 'BadRequest' }, isEnd],
  ])('still ends in exactly one message: %s', async (_name, failure, when) => {
    const reply = await asked();
    reply.status('searching');
    await bot.quiet();
    await streamAll(reply, ['Set', 'Set the']);
    bot.standIn.fail({ failure, when });
    await streamAll(reply, ['Set the density', 'Set the density to']);
    await reply.finish(sampleAnswer());
    expect(seen()).toHaveLength(1);
    expect(seen()[0]).toMatchObject({ state: 'final', text: expect.stringContaining('density to 0.6 [1]') });
  });

  it('posts a new message when even the shown text cannot be changed', async () => {
    const reply = await asked();
    await streamAll(reply, ['Set', 'Set the']);
    bot.standIn.fail({ failure: notAllowed, times: 9, when: isEnd });
    bot.standIn.fail({ failure: { status: 404 }, times: 9, when: ({ method }) => method === 'PUT' });
    await reply.finish(sampleAnswer());
    expect(seen().at(-1)).toMatchObject({ state: 'final', text: expect.stringContaining('0.6') });
    expect(bot.standIn.sent.map(({ method }) => method)).toContain('DELETE');
  });

  it('goes on with ordinary messages where Teams allows no streams at all', async () => {
    bot.standIn.fail({
      failure: { status: 405 },
      times: 9,
      when: (request) => streamOf(request) !== undefined,
    });
    const reply = await asked();
    reply.status('searching');
    await bot.quiet();
    reply.status('writing');
    await streamAll(reply, ['Set', 'Set the']);
    await reply.finish(sampleAnswer());
    expect(seen()).toMatchObject([{ state: 'final' }]);
    expect(bot.standIn.sent.filter((request) => streamOf(request) !== undefined)).toHaveLength(1);
  });

  it('shows a notice in place of the draft', async () => {
    const reply = await asked();
    await streamAll(reply, ['Set', 'Set the', 'Set the density']);
    await reply.fail(sampleNotice());
    expect(seen()).toMatchObject([
      { state: 'final', text: expect.stringContaining('Ask again in a minute') },
    ]);
  });

  it('sends nothing more once it has ended', async () => {
    const reply = await asked();
    await reply.finish(sampleAnswer());
    const before = bot.standIn.sent.length;
    reply.status('writing');
    await streamAll(reply, ['late', 'late words']);
    await reply.fail(sampleNotice());
    expect(bot.standIn.sent).toHaveLength(before);
  });
});
