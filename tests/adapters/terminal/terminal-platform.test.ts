// The terminal as a platform: the contract, and a conversation over plain streams.

import { PassThrough } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createTerminalPlatform } from '../../../adapters/terminal/terminal-platform.js';
import { platformContract, RecordingInbox } from '../../contract/platform.contract.js';
import { RecordingRatings } from '../../support/recording-ratings.js';
import { newRecord } from '../../support/reply-record.js';
import { sampleAnswer } from '../../support/sample-answer.js';

function openTerminal() {
  const input = new PassThrough();
  const output = new PassThrough();
  let written = '';
  output.on('data', (data: Buffer) => {
    written += data.toString();
  });
  let left = false;
  let ids = 0;
  const platform = createTerminalPlatform({
    input,
    output,
    interactive: false,
    now: () => 1_700_000_000_000,
    newId: () => `id${++ids}`,
    onLeave: () => {
      left = true;
    },
  });
  return { platform, input, text: () => written, left: () => left };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await wait(2);
}

platformContract({
  name: 'the terminal',
  occasions: ['direct'],
  streaming: ['none'],
  pings: /(?!)/,
  redelivers: false,
  async open({ inbox }) {
    const asked: string[] = [];
    const admissions: string[] = [];
    const terminal = openTerminal();
    await terminal.platform.start(
      {
        async accept(message) {
          const admission = await inbox.accept(message);
          admissions.push(admission);
          return admission;
        },
      },
      new RecordingRatings(),
    );
    const say = async (text: string) => {
      const before = admissions.length;
      asked.push(text);
      terminal.input.write(`${text}\n`);
      await until(() => admissions.length > before);
      return admissions.at(-1) === 'accepted' ? 'taken' : 'try-again';
    };
    return {
      platform: terminal.platform,
      say: (_occasion, text) => say(text),
      again: () => say(asked.at(-1) ?? ''),
      visible: async () => (terminal.text() === '' ? [] : [terminal.text()]),
      sent: () => [terminal.text()],
      drafts: () => [],
      breakStatus: () => {},
      close: () => terminal.platform.stop(AbortSignal.timeout(1_000)),
    };
  },
});

describe('a conversation in a pipe', () => {
  it('answers the lines in order and leaves after the last answer', async () => {
    const inbox = new RecordingInbox();
    const terminal = openTerminal();
    await terminal.platform.start(inbox, new RecordingRatings());
    terminal.input.end('first question\n\n   \nsecond question\n');
    await until(() => inbox.taken.length === 1);
    await wait(20);
    // The second waits for the first one's answer.
    expect(inbox.taken).toHaveLength(1);
    expect(terminal.left()).toBe(false);
    await terminal.platform.replyTo(inbox.only, newRecord()).finish(sampleAnswer({ markdown: 'One.' }));
    await until(() => inbox.taken.length === 2);
    const second = inbox.taken[1];
    if (second !== undefined)
      await terminal.platform.replyTo(second, newRecord()).finish(sampleAnswer({ markdown: 'Two.' }));
    await until(() => terminal.left());
    expect(terminal.text()).toMatch(/One\.[\s\S]*Two\./);
  });

  it('ends at exit, whatever follows', async () => {
    const inbox = new RecordingInbox();
    const terminal = openTerminal();
    await terminal.platform.start(inbox, new RecordingRatings());
    terminal.input.write('exit\nnot asked\n');
    await until(() => terminal.left());
    expect(inbox.taken).toHaveLength(0);
  });

  it('says when it is busy and goes on', async () => {
    const inbox = new RecordingInbox();
    inbox.admission = 'overloaded';
    const terminal = openTerminal();
    await terminal.platform.start(inbox, new RecordingRatings());
    terminal.input.end('a question\n');
    await until(() => terminal.left());
    expect(terminal.text()).toContain('busy');
  });
});
