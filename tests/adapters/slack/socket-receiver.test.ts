// Socket Mode: connect, lose the connection, come back, stop; and nothing is acknowledged before it is held.
import { afterEach, describe, expect, it } from 'vitest';
import { createSlackPlatform } from '../../../adapters/slack/slack-platform.js';
import { newRecord } from '../../support/reply-record.js';
import { sampleAnswer } from '../../support/sample-answer.js';
import { type ConnectedSlack, connectSlack } from './connected-slack.js';

let connected: ConnectedSlack | undefined;
afterEach(() => connected?.close());

async function until(true_: () => boolean): Promise<void> {
  for (let tries = 0; !true_(); tries += 1) {
    if (tries > 400) throw new Error('It never happened.');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('Socket Mode', () => {
  it('needs no route, and asks for its connection at the configured address', async () => {
    connected = await connectSlack({ by: 'socket' });
    expect(connected.platform.routes).toEqual([]);
    expect(connected.slack.callsOf('apps.connections.open')).toHaveLength(1);
    expect(await connected.platform.check()).toEqual({
      ok: true,
      detail: 'Connected to Acme over Socket Mode.',
    });
  });

  it('is used where HTTP is configured too', async () => {
    connected = await connectSlack({ by: 'socket', config: { signingSecret: 'both' } });
    expect(connected.platform.routes).toEqual([]);
    expect((await connected.slack.mention('hi')).told.taken).toBe(true);
  });

  it('acknowledges after the inbox holds the message, not before', async () => {
    connected = await connectSlack({ by: 'socket' });
    const { inbox, slack } = connected;
    slack.ackMs = 150;
    const accept = inbox.accept.bind(inbox);
    let release = () => {};
    inbox.accept = async (message) => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return accept(message);
    };
    const said = await slack.mention('hi');
    expect(said.told.taken).toBe(false);
    release();
    await until(() => inbox.taken.length === 1);
    inbox.accept = accept;
    expect((await said.again()).taken).toBe(true);
    expect(inbox.taken).toHaveLength(1);
    expect(inbox.seen.at(-1)?.attempt).toBe(2);
  });

  it('does not acknowledge what failed, and acknowledges what will never get better', async () => {
    connected = await connectSlack({ by: 'socket' });
    const { inbox, slack } = connected;
    slack.ackMs = 150;
    expect((await slack.event({ type: 'app_mention', channel: 'C1' })).taken).toBe(true);
    expect((await slack.event({ type: 'moon_landing' })).taken).toBe(true);
    inbox.accept = async () => {
      throw new Error('disk full');
    };
    expect((await slack.mention('hi')).told.taken).toBe(false);
  });

  it('comes back at once when Slack recycles the connection', async () => {
    connected = await connectSlack({ by: 'socket' });
    const { slack, platform, inbox } = connected;
    slack.fail('apps.connections.open', { status: 500 });
    slack.dropSockets();
    await until(() => slack.sockets === 0);
    await until(() => slack.sockets === 1);
    expect((await slack.mention('hi')).told.taken).toBe(true);
    await platform.replyTo(inbox.only, newRecord()).finish(sampleAnswer());
    expect(slack.seen()).toHaveLength(1);
  });

  it('says when it is down', async () => {
    connected = await connectSlack({ by: 'socket' });
    const { slack, platform } = connected;
    slack.fail('apps.connections.open', { error: 'internal_error' }, 1_000);
    slack.dropSockets();
    await until(() => slack.sockets === 0);
    await until(() => slack.callsOf('apps.connections.open').length > 1);
    expect(await platform.check()).toEqual({ ok: false, detail: 'The Socket Mode connection is down.' });
  });

  it('stops for good, connected or not', async () => {
    connected = await connectSlack({ by: 'socket' });
    const { slack, platform } = connected;
    await platform.stop(AbortSignal.timeout(3_000));
    await until(() => slack.sockets === 0);
    expect((await slack.mention('hi')).told.taken).toBe(false);
    expect(slack.callsOf('apps.connections.open')).toHaveLength(1);
    const unstarted = createSlackPlatform(
      { botToken: 'xoxb-1', appToken: 'xapp-1', followUps: false },
      { log: (await import('pino')).pino({ level: 'silent' }), now: Date.now, fetch, pace: connected.pace },
    );
    await unstarted.stop(AbortSignal.timeout(3_000));
  });
});
