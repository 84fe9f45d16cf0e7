// The thumbs under an answer in Slack: kept, told, and never shown where there is nothing to rate.
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { newRecord } from '../../support/reply-record.js';
import { sampleAnswer, sampleNotice } from '../../support/sample-answer.js';
import { visible } from '../../support/slack-stand-in.js';
import { type ConnectedSlack, type ConnectOptions, connectSlack } from './connected-slack.js';

let connected: ConnectedSlack;
afterEach(() => connected.close());

async function asked(options: ConnectOptions = {}) {
  connected = await connectSlack(options);
  await connected.slack.mention('How dense may placement be?');
  return connected.platform.replyTo(connected.question(), newRecord());
}

const posted = () => connected.slack.messages.filter(({ user }) => user === 'UBOT');
const thumbsOf = (blocks: unknown) =>
  (blocks as { type: string }[]).filter(({ type }) => type === 'context_actions').length;
const told = async () => {
  await eventually(() => connected.slack.ephemerals.length > 0, 'words for the person');
  return connected.slack.ephemerals.map(visible);
};

for (const by of ['http', 'socket'] as const) {
  describe(`a thumb over ${by}`, () => {
    it.each([
      ['positive', 'helpful'],
      ['negative', 'unhelpful'],
    ] as const)('%s is kept as %s, with who pressed it, and thanked for', async (thumb, verdict) => {
      const reply = await asked({ by });
      await reply.finish(sampleAnswer({ id: 'answer-1' }));
      const [message] = posted();
      expect(message).toBeDefined();
      if (message === undefined) return;
      expect(await connected.slack.thumb(message, thumb, { user: 'U7' })).toMatchObject({ taken: true });
      expect(connected.ratings.given).toEqual([
        { platform: 'slack', of: 'answer-1', by: { tenant: 'T1', id: 'U7' }, verdict },
      ]);
      expect((await told()).join()).toContain('Thank you');
      expect(connected.slack.ephemerals[0]).toMatchObject({ user: 'U7' });
    });
  });
}

describe('a thumb', () => {
  it.each([
    ['unknown', 'too old'],
    ['unavailable', 'could not be kept'],
  ] as const)('that is %s is told so', async (rated, words) => {
    const reply = await asked();
    await reply.finish(sampleAnswer());
    connected.ratings.rated = rated;
    const [message] = posted();
    if (message !== undefined) await connected.slack.thumb(message, 'positive');
    expect((await told()).join()).toContain(words);
  });

  it.each(['', 'helpful:', 'great:answer-1'])("whose value is %j is nobody's", async (value) => {
    const reply = await asked();
    await reply.finish(sampleAnswer());
    const [message] = posted();
    const actions = [{ type: 'feedback_buttons', action_id: 'rate_answer', value }];
    if (message !== undefined) await connected.slack.thumb(message, 'positive', { over: { actions } });
    expect(connected.ratings.given).toEqual([]);
  });

  it('stands below the last message of an answer in several, and below no notice', async () => {
    const reply = await asked();
    await reply.finish(sampleAnswer({ markdown: 'Words of a long answer. '.repeat(900) }));
    expect(posted().length).toBeGreaterThan(1);
    expect(posted().map(({ blocks }) => thumbsOf(blocks))).toEqual(
      posted().map((_, at) => Number(at === posted().length - 1)),
    );
    await connected.close();
    const other = await asked();
    await other.fail(sampleNotice());
    expect(posted().map(({ blocks }) => thumbsOf(blocks))).toEqual([0]);
  });
});
