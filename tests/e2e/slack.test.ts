// Questions in Slack, from the request of a person to what everybody then sees, through the whole program.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { eventually } from '../support/eventually.js';
import { ANSWERABLE, FLOW_DOCUMENTS, STRAY } from '../support/flow-documents.js';
import { openBench } from '../support/run-chipwright.js';
import { LINKS, type Served, serveChipwright } from '../support/serve-chipwright.js';
import {
  APP_TOKEN,
  BOT_TOKEN,
  type Said,
  type SlackStandIn,
  signed,
  startSlack,
  visible,
} from '../support/slack-stand-in.js';
import { BOT_USER } from '../support/slack-web-api.js';

vi.setConfig({ testTimeout: 180_000 });

const { setup, skew, antenna } = ANSWERABLE;

/** The finished answer in the thread; fails when there is more than one message of the bot. */
async function answerTo(slack: SlackStandIn, said: Said): Promise<string> {
  const done = /Sources|Closest documents/;
  const messages = await eventually(() => {
    const seen = slack.seen(said.channel, said.thread);
    return seen.some((text) => done.test(text)) ? seen : undefined;
  }, `an answer in ${said.thread}`);
  expect(messages).toHaveLength(1);
  return messages[0] ?? '';
}

/** Every source is a line that the document has, in the document that says it. */
function expectSourcesToResolve(answer: string, path: string, says: string): void {
  const links = [...answer.matchAll(/<https:\/\/docs\.example\.com\/([^#>]+)#L(\d+)>/g)];
  expect(links.map(([, found]) => found)).toContain(path);
  for (const [, found = '', line] of links) {
    expect(FLOW_DOCUMENTS[found]?.split('\n').length).toBeGreaterThanOrEqual(Number(line));
  }
  expect(FLOW_DOCUMENTS[path]).toContain(says);
  expect([...answer.matchAll(/https?:\/\/[^\s>]+/g)].every(([url]) => url.startsWith(LINKS))).toBe(true);
}

describe('Slack over HTTP', () => {
  let slack: SlackStandIn;
  let served: Served;
  beforeAll(async () => {
    slack = await startSlack();
    served = await serveChipwright({ slack });
  });
  afterAll(async () => {
    await served?.bench.close();
    await slack?.close();
  });

  it('answers a mention in its thread, with sources that can be followed', async () => {
    const said = await slack.mention(setup.question);
    expect(said.told).toMatchObject({ status: 200 });
    const answer = await answerTo(slack, said);
    expect(answer).toContain(setup.says);
    expect(answer).toContain('[1]');
    expectSourcesToResolve(answer, setup.path, setup.says);
  });

  it('answers a direct message', async () => {
    const said = await slack.dm(skew.question);
    expect(await answerTo(slack, said)).toContain(skew.says);
  });

  it('answers once, however often Slack delivers', async () => {
    const [first, twin] = await slack.twins(antenna.question);
    const told = await Promise.all([first.again(1), twin.again(1), first.again(2)]);
    expect(told.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await answerTo(slack, first)).toContain(antenna.says);
    // Threads are answered in order, so an answer to this one stands behind whatever a repetition would have brought.
    await slack.mention(STRAY, { thread: first.thread });
    await eventually(() => slack.seen('C1', first.thread).length === 2, 'the second answer');
    // The refusal may show the same line as what comes nearest.
    const answers = slack.seen('C1', first.thread).filter((text) => !text.includes('Closest documents'));
    expect(answers.filter((text) => text.includes(antenna.says))).toHaveLength(1);
  });

  it('answers the command to its asker alone, until it is shared', async () => {
    const before = slack.messages.length;
    await slack.slash(antenna.question);
    const shown = () => slack.ephemerals.find((message) => visible(message).includes(antenna.says));
    const answer = await eventually(shown, 'the private answer');
    expect(answer).toMatchObject({ channel: 'C1', user: 'U1' });
    expect(slack.messages).toHaveLength(before);
    await slack.press(answer);
    const shared = await eventually(
      () =>
        slack.messages
          .slice(before)
          .map(visible)
          .find((text) => text.includes(antenna.says)),
      'the shared answer',
    );
    expectSourcesToResolve(shared, antenna.path, antenna.says);
    await slack.press(answer);
    await answerTo(slack, await slack.mention(setup.question));
    expect(
      slack.messages
        .slice(before)
        .map(visible)
        .filter((text) => text.includes(antenna.says)),
    ).toHaveLength(1);
  });

  it('keeps a thumb below an answer, and says so to who pressed it', async () => {
    const said = await slack.mention(skew.question);
    await answerTo(slack, said);
    const answer = slack.messages.find(({ user, thread }) => user === BOT_USER && thread === said.thread);
    if (answer === undefined) throw new Error('no answer in the thread');
    // It is remembered right after it was posted: a machine may press sooner, and is told that it is too old.
    const told = () => slack.ephemerals.filter(({ user }) => user === 'U5').map(visible);
    for (let presses = 1; !told().join().includes('Thank you'); presses += 1) {
      await slack.thumb(answer, 'positive', { user: 'U5' });
      await eventually(() => told().length === presses, 'words about the thumb');
    }
    expect(told().at(-1)).toContain('Thank you');
  });

  it('takes a short question in a thread together with the one before', async () => {
    const said = await slack.mention(setup.question);
    await answerTo(slack, said);
    await slack.mention('and for hold?', { thread: said.thread });
    const [, second] = await eventually(() => {
      const seen = slack.seen('C1', said.thread);
      return seen.length === 2 && seen[1]?.includes('Sources') ? seen : undefined;
    }, 'the second answer');
    expect(second).toContain('list_hold_paths');
  });

  it('says what it does not know, and what is near', async () => {
    const answer = await answerTo(slack, await slack.mention(STRAY));
    expect(answer).toContain('The documents do not seem to hold an answer to this.');
    expect(answer).toContain('Closest documents');
    expect(answer).not.toContain('Sources');
  });

  it('keeps many questions apart', async () => {
    const kinds = [setup, skew, antenna];
    const asked = await Promise.all(
      Array.from({ length: 9 }, async (_, at) => {
        const kind = kinds[at % 3] ?? setup;
        return { kind, said: await slack.mention(kind.question, { user: `U${at}`, channel: `CX${at}` }) };
      }),
    );
    for (const { kind, said } of asked) expect(await answerTo(slack, said)).toContain(kind.says);
  });

  it('refuses what Slack did not sign, without a word to anybody', async () => {
    const event = {
      type: 'app_mention',
      user: 'U1',
      channel: 'C1',
      ts: '1.1',
      text: `<@UBOT> ${setup.question}`,
    };
    const body = JSON.stringify({ type: 'event_callback', event_id: 'EvForged', team_id: 'T1', event });
    const calls = slack.calls.length;
    const day = 24 * 60 * 60 * 1000;
    for (const headers of [
      {},
      signed(body, 'another secret', Date.now()),
      signed(body, 'x', Date.now() - day),
    ]) {
      const answer = await fetch(`${served.url}/slack/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
      });
      expect([answer.status, await answer.text()]).toEqual([401, '']);
    }
    await answerTo(slack, await slack.dm(setup.question));
    expect(slack.calls.slice(calls).filter(({ args }) => args.channel === 'C1')).toEqual([]);
    expect((await fetch(`${served.url}/elsewhere`)).status).toBe(404);
    expect((await fetch(`${served.url}/slack/events`)).status).toBe(405);
  });
});

describe('Slack in Socket Mode', () => {
  it('answers mentions, direct messages and the command without a public address', async () => {
    const slack = await startSlack();
    slack.ackMs = 30_000;
    const bench = await openBench();
    try {
      await bench.write(FLOW_DOCUMENTS);
      const env = { SLACK_BOT_TOKEN: BOT_TOKEN, SLACK_APP_TOKEN: APP_TOKEN, SLACK_API_URL: slack.apiUrl };
      const service = bench.start(['start', '--docs', '.'], { env });
      await service.says(/Slack: connecting by Socket Mode\./);
      await eventually(() => slack.sockets > 0, 'the connection');
      const said = await slack.mention(setup.question);
      expect(said.told.taken).toBe(true);
      expect(await answerTo(slack, said)).toContain(setup.says);
      expect((await said.again()).taken).toBe(true);
      expect(await answerTo(slack, await slack.dm(skew.question))).toContain(skew.says);
      await slack.slash(antenna.question);
      await eventually(
        () => slack.ephemerals.find((message) => visible(message).includes(antenna.says)),
        'the private answer',
      );
      expect(slack.seen('C1', said.thread)).toHaveLength(1);
      service.kill('SIGTERM');
      expect(await service.ended).toMatchObject({ code: 0 });
    } finally {
      await bench.close();
      await slack.close();
    }
  });

  it('says in one sentence that Slack does not know the token', async () => {
    const slack = await startSlack();
    const bench = await openBench();
    try {
      await bench.write(FLOW_DOCUMENTS);
      const env = {
        SLACK_BOT_TOKEN: 'xoxb-revoked',
        SLACK_APP_TOKEN: APP_TOKEN,
        SLACK_API_URL: slack.apiUrl,
      };
      const { code, stderr } = await bench.run(['start', '--docs', '.'], { env });
      expect(code).not.toBe(0);
      expect(stderr).toMatch(/chipwright: [^\n]+\n[^\n]+\n$/);
      expect(stderr).not.toContain('xoxb-revoked');
    } finally {
      await bench.close();
      await slack.close();
    }
  });
});
