// One visible answer, whatever Slack does on the way: drafts, faults, lost responses, limits and restarts.
import { afterEach, describe, expect, it } from 'vitest';
import type { IncomingMessage } from '../../../src/conversation/message.js';
import { ChipwrightError } from '../../../src/errors.js';
import { eventually } from '../../support/eventually.js';
import { newRecord, recordAgain } from '../../support/reply-record.js';
import { safe, sampleAnswer, sampleCitation, sampleNotice } from '../../support/sample-answer.js';
import { type ConnectedSlack, type ConnectOptions, connectSlack } from './connected-slack.js';

let connected: ConnectedSlack;
afterEach(() => connected.close());

async function ask(options: ConnectOptions = {}) {
  connected = await connectSlack(options);
  const said = await connected.slack.mention('How dense may placement be?');
  const message = connected.question();
  return { ...connected, said, message, reply: connected.platform.replyTo(message, newRecord()) };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 60));

async function refused(work: Promise<unknown>): Promise<ChipwrightError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ChipwrightError);
  return error as ChipwrightError;
}

describe('the final message', () => {
  it('is the same after no draft, edits and native streaming', async () => {
    const finals: string[] = [];
    for (const way of ['none', 'edit', 'native'] as const) {
      const { slack, reply } = await ask();
      if (way === 'edit') slack.fail('chat.startStream', { error: 'feature_not_enabled' });
      if (way !== 'none') await reply.stream(safe('A first'));
      await settled();
      if (way !== 'none') await reply.stream(safe('A first draft'));
      await settled();
      await reply.finish(sampleAnswer());
      expect(slack.seen()).toHaveLength(1);
      finals.push(...slack.seen());
      await connected.close();
    }
    expect(new Set(finals).size).toBe(1);
  });

  it('stands in the thread of the question, quiet, and named for looking it up', async () => {
    const { slack, reply, said } = await ask();
    const delivery = await reply.finish(sampleAnswer());
    const [post] = slack.callsOf('chat.postMessage');
    expect(post).toMatchObject({
      channel: 'C1',
      thread_ts: said.ts,
      unfurl_links: 'false',
      unfurl_media: 'false',
      parse: 'none',
      link_names: 'false',
      text: 'Set the density to 0.6 [1].',
      metadata: { event_type: 'chipwright_answer', event_payload: { answer_id: 'answer-1', part: 0 } },
    });
    expect(slack.messages.at(-1)?.ts).toBe(delivery.messageId);
  });

  it('goes to the root of a thread that was asked in', async () => {
    connected = await connectSlack();
    const root = await connected.slack.write('Something else');
    await connected.slack.mention('How dense?', { thread: root.ts });
    await connected.platform.replyTo(connected.question(), newRecord()).finish(sampleAnswer());
    expect(connected.slack.seen('C1', root.ts)).toHaveLength(1);
  });

  it('brings links only in its final blocks', async () => {
    const { slack, reply } = await ask();
    await reply.stream(safe('Set the density'));
    await settled();
    await reply.finish(sampleAnswer());
    const drafted = [...slack.callsOf('chat.startStream'), ...slack.callsOf('chat.appendStream')];
    expect(JSON.stringify(drafted)).not.toContain('http');
    expect(JSON.stringify(slack.callsOf('chat.update'))).toContain(
      'https://docs.example.com/placement-1.html',
    );
    for (const { text } of slack.callsOf('chat.update')) expect(text).not.toContain('http');
  });

  it('links nothing that is no address of the web', async () => {
    const { slack, reply } = await ask();
    const citations = ['javascript:alert(1)', 'no address', 'file:///etc/passwd', 'slack://open'].map(
      (href, at) => sampleCitation(at + 1, { href }),
    );
    await reply.finish(sampleAnswer({ citations }));
    expect(JSON.stringify(slack.callsOf('chat.postMessage'))).not.toContain('"link"');
    expect(slack.seen()[0]).toContain('Placement guide 4');
  });
});

describe('a draft', () => {
  it('is streamed by growing, to the person who asked', async () => {
    const { slack, reply, said } = await ask();
    await reply.stream(safe('Set'));
    await settled();
    await reply.stream(safe('Set the density'));
    await settled();
    expect(slack.callsOf('chat.startStream')).toMatchObject([
      { thread_ts: said.ts, markdown_text: 'Set', recipient_user_id: 'U1', recipient_team_id: 'T1' },
    ]);
    expect(slack.callsOf('chat.appendStream')).toMatchObject([{ markdown_text: ' the density' }]);
    expect(slack.seen()).toEqual(['Set the density']);
  });

  it('makes few calls of many steps, at most one a second', async () => {
    const { slack, reply, pace } = await ask();
    let text = '';
    for (let step = 0; step < 500; step += 1) {
      text += 'word ';
      await reply.stream(safe(text));
    }
    await settled();
    const calls = slack.callsOf('chat.startStream').length + slack.callsOf('chat.appendStream').length;
    expect(calls).toBeLessThanOrEqual(3);
    expect(pace.asked.every(({ minGapMs }) => minGapMs === 1_000)).toBe(true);
  });

  it('may end in half a character, and hold one anywhere', async () => {
    const { slack, reply } = await ask();
    for (const draft of ['Done \u{1F600}'.slice(0, -1), 'Done \u{1F600} \ud83d!']) {
      await reply.stream(safe(draft));
      await settled();
    }
    expect(slack.seen()).toEqual(['Done \u{1F600} \ufffd!']);
    await reply.finish(sampleAnswer({ markdown: `Half \ud83d! ${'x'.repeat(142)}\u{1F600}` }));
    expect(slack.seen()).toHaveLength(1);
  });

  it('is not streamed again where Slack does not offer it', async () => {
    const { slack, reply, platform, message } = await ask();
    slack.fail('chat.startStream', { error: 'unknown_method' });
    await reply.stream(safe('Set'));
    await settled();
    await platform.replyTo({ ...message, id: 'another' }, newRecord()).stream(safe('Set'));
    await settled();
    expect(slack.callsOf('chat.startStream')).toHaveLength(1);
    expect(slack.seen()).toHaveLength(2);
  });

  it('is replaced although Slack takes no end of a stream for now', async () => {
    const { slack, reply, platform, question } = await ask();
    await reply.stream(safe('Set'));
    await eventually(() => slack.callsOf('chat.startStream').length === 1, 'the first stream');
    await slack.mention('And how wide?');
    const other = platform.replyTo(question(), newRecord());
    await other.stream(safe('Set'));
    await eventually(() => slack.callsOf('chat.startStream').length === 2, 'the second stream');
    await settled();
    slack.fail('chat.stopStream', { status: 429, retryAfter: '1' });
    const first = reply.finish(sampleAnswer());
    await eventually(() => slack.callsOf('chat.stopStream').length === 1, 'the refusal');
    await settled();
    // It keeps to what the first was told, and finds its own draft still open.
    await other.finish(sampleAnswer({ id: 'answer-2' }));
    await first;
    expect(slack.seen()).toHaveLength(2);
    for (const text of slack.seen()) expect(text).toContain('0.6');
  });

  it('is replaced although Slack ended the stream by itself', async () => {
    const { slack, reply } = await ask();
    await reply.stream(safe('Set'));
    await settled();
    slack.endStreams();
    await reply.stream(safe('Set the'));
    await settled();
    await reply.finish(sampleAnswer());
    expect(slack.seen()).toHaveLength(1);
    expect(slack.seen()[0]).toContain('0.6');
    expect(slack.callsOf('chat.stopStream')).toHaveLength(0);
  });

  it.each(['lost', 'reset', 'hang', { status: 500 }, { status: 429, retryAfter: '3600' }] as const)(
    'that meets %j leaves one final message',
    async (fault) => {
      const fetch: typeof globalThis.fetch = (url, init) =>
        globalThis.fetch(url, { ...init, signal: AbortSignal.timeout(200) });
      const { slack, reply } = await ask({ fetch });
      slack.fail('chat.startStream', fault, 5);
      await reply.stream(safe('Set'));
      await settled();
      await reply.stream(safe('Set the'));
      await reply.finish(sampleAnswer());
      expect(slack.seen()).toHaveLength(1);
      expect(slack.seen()[0]).toContain('0.6');
    },
  );

  it.each(['chat.startStream', 'chat.appendStream'] as const)(
    'that waits for the rate limit of %s does not hold the answer',
    async (method) => {
      const { slack, reply } = await ask();
      slack.fail(method, { status: 429, retryAfter: '50' });
      await reply.stream(safe('Set'));
      await settled();
      await reply.stream(safe('Set the'));
      await settled();
      await reply.finish(sampleAnswer()); // Longer than a test may take, were it waited for.
      expect(slack.seen()).toHaveLength(1);
      expect(slack.seen()[0]).toContain('0.6');
    },
  );

  it('that was deleted by someone is answered anew', async () => {
    const { slack, reply } = await ask();
    await reply.stream(safe('Set'));
    await settled();
    slack.messages.splice(1);
    await reply.finish(sampleAnswer());
    expect(slack.seen()).toHaveLength(1);
  });

  it('calls nobody while it grows', async () => {
    const { slack, reply } = await ask();
    const hostile = 'Ask <!channel>, <@U1>, @here and a`<!everyone>`';
    for (let length = 1; length <= hostile.length; length += 3) {
      await reply.stream(safe(hostile.slice(0, length)));
      await settled();
    }
    expect(slack.seen()[0]).not.toMatch(/<!|<@|@here/);
  });
});

describe('a fault of Slack', () => {
  it('500 twice is tried again', async () => {
    const { slack, reply } = await ask();
    slack.fail('chat.postMessage', { status: 500 }, 2);
    await reply.finish(sampleAnswer());
    expect(slack.seen()).toHaveLength(1);
  });

  it.each(['lost', 'reset', 'hang'] as const)('%s leaves exactly one visible message', async (fault) => {
    const fetch: typeof globalThis.fetch = (url, init) =>
      globalThis.fetch(url, { ...init, signal: AbortSignal.timeout(200) });
    const { slack, reply } = await ask({ fetch });
    slack.fail('chat.postMessage', fault);
    await reply.finish(sampleAnswer());
    expect(slack.seen()).toHaveLength(1);
    expect(slack.callsOf('chat.postMessage')).toHaveLength(fault === 'lost' ? 1 : 2);
  });

  it('that hides even whether the post landed ends in one message after the next try', async () => {
    const { slack, reply } = await ask();
    slack.fail('chat.postMessage', 'lost');
    slack.fail('conversations.replies', 'reset', 3);
    expect((await refused(reply.finish(sampleAnswer()))).retryable).toBe(true);
    await reply.finish(sampleAnswer());
    expect(slack.seen()).toHaveLength(1);
  });

  it('lost while an edit is replaced is simply repeated', async () => {
    const { slack, reply } = await ask();
    await reply.stream(safe('Set'));
    await settled();
    slack.fail('chat.update', 'lost');
    await reply.finish(sampleAnswer());
    expect(slack.seen()).toHaveLength(1);
  });

  it.each([
    ['1', 900],
    [new Date(Date.now() + 1_500).toUTCString(), 0],
  ] as const)('429 with Retry-After %s is waited for', async (retryAfter, leastMs) => {
    const { slack, reply } = await ask();
    slack.fail('chat.postMessage', { status: 429, retryAfter });
    const begun = performance.now();
    await reply.finish(sampleAnswer());
    expect(performance.now() - begun).toBeGreaterThanOrEqual(leastMs);
    expect(slack.seen()).toHaveLength(1);
  });

  it.each([
    ['3600', 3_600_000],
    [undefined, 5_000],
    ['soon', 5_000],
    ['-1', 5_000],
  ] as const)(
    '429 with Retry-After %s says how long to wait, when it is not waited for',
    async (retryAfter, waitMs) => {
      const { slack, reply, platform } = await ask();
      const fault =
        retryAfter === undefined ? { status: 429 as const } : { status: 429 as const, retryAfter };
      slack.fail('chat.postMessage', fault, 5);
      await platform.stop(AbortSignal.abort()); // A stop ends every wait.
      const error = await refused(reply.finish(sampleAnswer()));
      expect(error).toMatchObject({ code: 'delivery_rate_limited', retryable: true, retryAfterMs: waitMs });
    },
  );

  it('429 for a method holds the drafts and signs of the whole workspace, and no answer', async () => {
    const { slack, reply, platform } = await ask();
    slack.fail('chat.startStream', { error: 'feature_not_enabled' });
    slack.fail('chat.update', { status: 429, retryAfter: '50' });
    slack.fail('assistant.threads.setStatus', { status: 429, retryAfter: '50' });
    reply.status('searching');
    await settled();
    await reply.stream(safe('Set'));
    await settled();
    await reply.stream(safe('Set the'));
    await eventually(() => slack.callsOf('chat.update').length === 1, 'the edit that is refused');
    await slack.mention('And here?', { channel: 'C2' });
    const other = platform.replyTo(connected.question(), newRecord());
    other.status('searching');
    await other.stream(safe('Set'));
    await eventually(() => slack.callsOf('chat.postMessage').length === 2, 'the second draft');
    await other.stream(safe('Set the'));
    await settled();
    expect(slack.callsOf('chat.update')).toHaveLength(1);
    expect(slack.callsOf('assistant.threads.setStatus')).toHaveLength(1);
    // Neither answer waits: longer than a test may take.
    await Promise.all([reply.finish(sampleAnswer()), other.finish(sampleAnswer())]);
    expect(slack.seen('C2')).toHaveLength(1);
    expect(slack.seen('C2')[0]).toContain('0.6');
    expect(slack.seen()).toHaveLength(1);
  });

  it('429 in one channel does not hold up another', async () => {
    const { slack, reply, platform } = await ask();
    await slack.mention('And here?', { channel: 'C2' });
    const other = platform.replyTo(connected.question(), newRecord());
    slack.fail('chat.postMessage', { status: 429, retryAfter: '2' }, 1, 'C1');
    const order: string[] = [];
    const slow = reply.finish(sampleAnswer()).then(() => order.push('C1'));
    await other.finish(sampleAnswer()).then(() => order.push('C2'));
    await slow;
    expect(order).toEqual(['C2', 'C1']);
  });

  it.each([
    ['channel_not_found', 'delivery_rejected', true],
    ['not_in_channel', 'delivery_rejected', true],
    ['is_archived', 'delivery_rejected', true],
    ['cannot_reply_to_message', 'delivery_rejected', true],
    ['restricted_action', 'delivery_rejected', false],
    ['missing_scope', 'delivery_rejected', false],
    ['token_revoked', 'auth_rejected', false],
    ['invalid_auth', 'auth_rejected', false],
    ['a_code_of_a_later_slack', 'delivery_rejected', false],
  ])('%s is not tried again', async (code, expected, tellsAsker) => {
    const { slack, reply } = await ask();
    slack.fail('chat.postMessage', { error: code }, 5, 'C1');
    const error = await refused(reply.finish(sampleAnswer()));
    expect(error).toMatchObject({ code: expected, retryable: false });
    expect(error.cure).not.toBe('');
    expect(slack.callsOf('chat.postMessage').filter(({ channel }) => channel === 'C1')).toHaveLength(1);
    expect(slack.seen('D1')).toHaveLength(tellsAsker ? 1 : 0);
  });

  it('invalid_blocks is answered with the same words in plain blocks', async () => {
    const { slack, reply } = await ask();
    slack.fail('chat.postMessage', { error: 'invalid_blocks' });
    await reply.finish(sampleAnswer());
    expect(slack.seen()).toHaveLength(1);
    expect(slack.seen()[0]).toMatch(/Set the density to 0.6 \[1\][\s\S]*Placement guide 1/);
  });

  it('msg_blocks_too_long is cut smaller', async () => {
    const { slack, reply } = await ask();
    slack.fail('chat.postMessage', { error: 'msg_blocks_too_long' });
    const paragraph = 'Density matters. '.repeat(150).trim();
    const delivery = await reply.finish(sampleAnswer({ markdown: `${paragraph}\n\n${paragraph}` }));
    expect(delivery.parts).toBe(2);
    expect(slack.seen()).toHaveLength(2);
  });

  it('in the middle of a long answer is repaired by the next try, without doubles', async () => {
    const { slack, reply } = await ask();
    const markdown = ['a', 'b', 'c'].map((letter) => letter.repeat(8_000)).join('\n\n');
    await reply.stream(safe('a'));
    await settled();
    slack.fail('chat.postMessage', { error: 'fatal_error' }, 3);
    await refused(reply.finish(sampleAnswer({ markdown })));
    expect((await reply.finish(sampleAnswer({ markdown }))).parts).toBe(3);
    expect(slack.seen().map((text) => text[0])).toEqual(['a', 'b', 'c']);
  });

  it('in the middle of a long answer may end in a notice alone', async () => {
    const { slack, reply } = await ask();
    const markdown = ['a', 'b', 'c'].map((letter) => letter.repeat(8_000)).join('\n\n');
    slack.fail('chat.postMessage', 'reset', 0);
    slack.fail('chat.update', { status: 500 }, 0);
    const failing = async () => {
      const posts = () => slack.callsOf('chat.postMessage').length;
      const work = reply.finish(sampleAnswer({ markdown }));
      while (posts() < 2) await new Promise((resolve) => setTimeout(resolve, 1));
      slack.fail('chat.postMessage', { error: 'restricted_action' });
      return refused(work);
    };
    await failing();
    await reply.fail(sampleNotice());
    expect(slack.seen()).toHaveLength(1);
    expect(slack.seen()[0]).toContain('Ask again in a minute');
  });
});

describe('after a restart', () => {
  /** Nothing was saved, unless the test says so: it died before that. */
  const restarted = async (before: (message: IncomingMessage) => Promise<void>, saved?: string) => {
    const first = await ask();
    await before(first.message);
    const again = await connectSlack({ slack: first.slack });
    const record = recordAgain({ saved });
    return { again, reply: again.platform.replyTo(first.message, record), slack: first.slack };
  };

  it('an unfinished stream is taken over', async () => {
    const { again, reply, slack } = await restarted(async (message) => {
      await connected.platform.replyTo(message, newRecord()).stream(safe('Half a sen'));
      await settled();
    });
    await reply.finish(sampleAnswer());
    expect(slack.seen()).toHaveLength(1);
    expect(slack.seen()[0]).toContain('0.6');
    await again.close();
  });

  it('an edited draft is taken over', async () => {
    const { again, reply, slack } = await restarted(async (message) => {
      connected.slack.fail('chat.startStream', { error: 'unknown_method' });
      await connected.platform.replyTo(message, newRecord()).stream(safe('Half a sen'));
      await settled();
    });
    await reply.finish(sampleAnswer());
    expect(slack.seen()).toHaveLength(1);
    await again.close();
  });

  it('an answer that was delivered is not delivered twice', async () => {
    const { again, reply, slack } = await restarted(async (message) => {
      await connected.platform.replyTo(message, newRecord()).finish(sampleAnswer());
    });
    await reply.finish(sampleAnswer());
    expect(slack.seen()).toHaveLength(1);
    await again.close();
  });

  it('an answer that was delivered is not replaced by a notice', async () => {
    const { again, reply, slack } = await restarted(async (message) => {
      await connected.platform.replyTo(message, newRecord()).finish(sampleAnswer());
    });
    await reply.fail(sampleNotice());
    expect(slack.seen()).toHaveLength(1);
    expect(slack.seen()[0]).toContain('0.6');
    await again.close();
  });

  it('what was saved is enough where the history cannot be read', async () => {
    const record = newRecord();
    const first = await ask();
    await connected.platform.replyTo(first.message, record).finish(sampleAnswer({ markdown: 'Early.' }));
    const again = await connectSlack({ slack: first.slack });
    first.slack.fail('conversations.replies', { error: 'missing_scope' }, 5);
    await again.platform.replyTo(first.message, recordAgain(record)).finish(sampleAnswer());
    expect(first.slack.seen()).toHaveLength(1);
    expect(first.slack.seen()[0]).toContain('0.6');
    await again.close();
  });

  it('the missing part of an answer follows the one that was posted', async () => {
    const record = newRecord();
    const markdown = `${'a'.repeat(6_000)}\n\n${'b'.repeat(6_000)}`;
    const first = await ask();
    await connected.platform.replyTo(first.message, record).finish(sampleAnswer({ markdown }));
    const [posted] = JSON.parse(record.saved ?? '[]') as string[];
    first.slack.messages.splice(first.slack.messages.length - 1, 1); // The second part was never posted.
    const again = await connectSlack({ slack: first.slack });
    const reply = again.platform.replyTo(first.message, recordAgain({ saved: JSON.stringify([posted]) }));
    await reply.finish(sampleAnswer({ markdown }));
    expect(first.slack.seen().map((text) => text[0])).toEqual(['a', 'b']);
    await again.close();
  });

  it('an answer that may stand is not posted again while the history is out of reach', async () => {
    const { again, reply, slack } = await restarted(async (message) => {
      await connected.platform.replyTo(message, newRecord()).finish(sampleAnswer());
    });
    slack.fail('conversations.replies', { status: 500 }, 3);
    expect(await refused(reply.finish(sampleAnswer()))).toMatchObject({ retryable: true });
    expect(slack.seen()).toHaveLength(1);
    await reply.finish(sampleAnswer());
    expect(slack.seen()).toHaveLength(1);
    await again.close();
  });

  it('a history that cannot be read does not keep the answer back', async () => {
    const { again, reply, slack } = await restarted(async () => {});
    slack.fail('conversations.replies', { error: 'missing_scope' }, 5);
    await reply.finish(sampleAnswer());
    expect(slack.seen()).toHaveLength(1);
    await again.close();
  });
});

describe('the status', () => {
  it('is shown under the thread, and taken away at the end', async () => {
    const { slack, reply } = await ask();
    reply.status('searching');
    await settled();
    reply.status('writing');
    await settled();
    await reply.finish(sampleAnswer());
    await settled();
    expect(slack.statuses).toEqual(['is searching the documents …', 'is writing …', '']);
  });

  it('says how many are before a question that waits, until its turn has come', async () => {
    const { slack, reply, platform, message } = await ask();
    for (const before of [4, 1, 0]) platform.replyTo(message, newRecord()).status({ before, first: true });
    await settled();
    expect([...slack.statuses].sort()).toEqual([
      'answers your question next …',
      'has 4 questions before yours …',
      'has one question before yours …',
    ]);
    reply.status('searching');
    await settled();
    await reply.finish(sampleAnswer());
    await settled();
    expect(slack.statuses.slice(3)).toEqual(['is searching the documents …', '']);
    expect(slack.seen()).toHaveLength(1);
  });

  it('says nothing about a question that waits where Slack has no status', async () => {
    const { slack, reply } = await ask();
    slack.fail('assistant.threads.setStatus', { error: 'feature_not_enabled' });
    reply.status({ before: 4, first: true });
    await settled();
    expect(slack.reactions.size).toBe(0);
  });

  it('is a pair of eyes where Slack has no status, and remembered to be so', async () => {
    const { slack, reply, platform, message } = await ask();
    slack.fail('assistant.threads.setStatus', { error: 'feature_not_enabled' });
    reply.status('searching');
    await settled();
    expect([...slack.reactions]).toEqual([`eyes:C1:${slack.messages[0]?.ts}`]);
    platform.replyTo({ ...message, id: 'another' }, newRecord()).status('searching');
    await settled();
    expect(slack.callsOf('assistant.threads.setStatus')).toHaveLength(1);
    await reply.finish(sampleAnswer());
    await settled();
    expect(slack.reactions.size).toBe(0);
  });
});
