// What every chat platform must do, whatever it is called: run for Slack, Teams and the terminal through a small harness.
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { IncomingMessage } from '../../src/conversation/message.js';
import type { Admission, Inbox, Platform } from '../../src/conversation/platform.js';
import { eventually } from '../support/eventually.js';
import { newRecord, recordAgain } from '../support/reply-record.js';
import { safe, sampleAnswer, sampleCitation, sampleNotice } from '../support/sample-answer.js';

/** How a platform shows a draft: its own streaming, edits of a posted message, or not at all. */
export type Streaming = 'native' | 'edit' | 'none';

/** The ways in which something can reach the bot. A platform names those it knows in `PlatformSubject.occasions`. */
export type Occasion =
  | 'direct' // a person writes to the bot one to one
  | 'mention' // a person mentions the bot in a channel
  | 'follow-up' // a person writes in a thread the bot answered in, without a mention (the harness answers there first)
  | 'chatter' // a person writes in a channel, not to the bot
  | 'mention-in-code' // the bot's mention stands inside a code span or block only
  | 'own' // the bot's own message comes back
  | 'bot' // another bot mentions this one
  | 'edited' // a person edits an earlier message that mentions the bot
  | 'twin'; // one mention that the platform reports twice, as two kinds of event, at the same time

/** What the platform, or the person, was told about a delivery. */
export type Told = 'taken' | 'try-again';

/** One connected platform, its far side replaced by a stand-in. Its functions need no `this`; `close` may come twice. */
export interface PlatformHarness {
  readonly platform: Platform;
  /** Sends `text` on this occasion. The harness adds the mention where the occasion asks for one. */
  say(occasion: Occasion, text: string): Promise<Told>;
  /** Delivers the last `say` once more, as the platform's retry does. */
  again(): Promise<Told>;
  /** What a reader of the thread sees of the bot now: one string per message, sources and their links included. */
  visible(): Promise<readonly string[]>;
  /** Every payload sent to the platform so far, as JSON or text. */
  sent(): readonly string[];
  /** Payloads of drafts alone: streamed and edited text before `finish`. */
  drafts(): readonly string[];
  /** From now on the platform refuses to show a status. */
  breakStatus(): void;
  close(): Promise<void>;
}

export interface PlatformSubject {
  readonly name: string;
  readonly occasions: readonly Occasion[];
  /** The ways of showing drafts this platform can be put into. */
  readonly streaming: readonly Streaming[];
  /** What would call people on this platform, wherever it stood in a payload: `<!channel>` on Slack, `<at>` on Teams. */
  readonly pings: RegExp;
  /** Characters of answer text that fit one message; absent where messages have no limit. */
  readonly messageLimit?: number;
  /** False where a message comes in once by nature: what is typed twice is two questions. */
  readonly redelivers?: boolean;
  open(options: { inbox: Inbox; streaming: Streaming }): Promise<PlatformHarness>;
}

/** An inbox that keeps what it took, once per id, and answers as it is told. */
export class RecordingInbox implements Inbox {
  readonly taken: IncomingMessage[] = [];
  readonly seen: IncomingMessage[] = [];
  admission: Admission = 'accepted';
  /** What storing a message waits for. */
  stored: Promise<void> = Promise.resolve();

  async accept(message: IncomingMessage): Promise<Admission> {
    this.seen.push(message);
    await this.stored;
    if (this.admission !== 'accepted') return this.admission;
    if (this.taken.some((earlier) => earlier.id === message.id)) return 'duplicate';
    this.taken.push(message);
    return 'accepted';
  }

  /** The one message taken; fails the test when there is none. */
  get only(): IncomingMessage {
    expect(this.taken).toHaveLength(1);
    return this.taken[0] as IncomingMessage;
  }
}

/** Text that would call people, on one platform or another. */
const HOSTILE = 'Ask <!channel> or <!here>, <@UEVIL> and <!subteam^S1>, and <at>everyone</at> [1].';

/** Runs the kit. Occasions and drafts the platform does not know are skipped by name. */
export function platformContract(subject: PlatformSubject): void {
  describe(`${subject.name} keeps the platform contract`, () => {
    let harness: PlatformHarness | undefined;
    let inbox: RecordingInbox;

    async function open(streaming: Streaming = subject.streaming[0] ?? 'none'): Promise<PlatformHarness> {
      inbox = new RecordingInbox();
      harness = await subject.open({ inbox, streaming });
      return harness;
    }

    afterEach(async () => {
      await harness?.close();
      harness = undefined;
    });

    const onlyFor = (occasion: Occasion) => it.skipIf(!subject.occasions.includes(occasion));
    const asked: Occasion = subject.occasions.includes('mention') ? 'mention' : 'direct';

    describe('coming in', () => {
      for (const occasion of ['direct', 'mention', 'follow-up'] as const) {
        onlyFor(occasion)(`takes a ${occasion} message in once, as plain text`, async () => {
          const { say, platform } = await open();
          expect(await say(occasion, 'How dense may placement be?')).toBe('taken');
          const message = inbox.taken.at(-1) as IncomingMessage;
          expect(message.addressed).toBe(occasion);
          expect(message.text).toBe('How dense may placement be?');
          expect(message.thread.platform).toBe(platform.name);
          expect(message.author.kind).toBe('human');
          expect(message.attempt).toBe(1);
        });
      }

      for (const occasion of ['chatter', 'mention-in-code', 'own', 'bot', 'edited'] as const) {
        onlyFor(occasion)(`lets ${occasion} messages pass without an answer`, async () => {
          const { say } = await open();
          expect(await say(occasion, 'How dense may placement be?')).toBe('taken');
          expect(inbox.seen).toHaveLength(0);
        });
      }

      onlyFor('twin')('makes one question of two reports of one message', async () => {
        const { say } = await open();
        await say('twin', 'How dense may placement be?');
        expect(inbox.seen.length).toBeGreaterThan(1);
        expect(inbox.taken).toHaveLength(1);
      });

      it.skipIf(subject.redelivers === false)('gives a retried delivery the same id', async () => {
        const { say, again } = await open();
        await say(asked, 'How dense may placement be?');
        expect(await again()).toBe('taken');
        expect(new Set(inbox.seen.map((message) => message.id)).size).toBe(1);
        expect(inbox.taken).toHaveLength(1);
      });

      for (const admission of ['overloaded', 'draining', 'unavailable'] as const) {
        it(`says so when the inbox is ${admission}, and the retry is taken`, async () => {
          const { say, again } = await open();
          inbox.admission = admission;
          expect(await say(asked, 'How dense may placement be?')).toBe('try-again');
          inbox.admission = 'accepted';
          expect(await again()).toBe('taken');
          expect(inbox.taken).toHaveLength(1);
        });
      }

      it.skipIf(subject.redelivers === false)(
        'is acknowledged only after the message was stored',
        async () => {
          const { say, again } = await open();
          let store = () => {};
          inbox.stored = new Promise((resolve) => {
            store = resolve;
          });
          const told: Told[] = [];
          const saying = say(asked, 'How dense may placement be?').then((answer) => told.push(answer));
          await eventually(() => inbox.seen.length > 0, 'the message at the inbox');
          await wait(50);
          expect(told).not.toContain('taken');
          store();
          await saying;
          expect(await again()).toBe('taken');
          expect(inbox.taken).toHaveLength(1);
        },
      );

      it('hands over messages that survive being stored and read back', async () => {
        const { say, platform, visible } = await open();
        await say(asked, 'How dense may placement be?');
        const stored = JSON.parse(JSON.stringify(inbox.only)) as IncomingMessage;
        const restored = { ...stored, receivedAt: new Date(stored.receivedAt) };
        await platform.replyTo(restored, newRecord()).finish(sampleAnswer());
        expect((await visible()).join('\n')).toContain('Set the density to 0.6');
      });
    });

    describe('going out', () => {
      async function question(streaming?: Streaming) {
        const open_ = await open(streaming);
        await open_.say(asked, 'How dense may placement be?');
        return {
          ...open_,
          reply: open_.platform.replyTo(inbox.only, newRecord()),
          visible: () => open_.visible(),
        };
      }

      for (const streaming of subject.streaming) {
        it(`shows only the final text and its sources after a draft (${streaming})`, async () => {
          const { reply, visible, drafts } = await question(streaming);
          reply.status('searching');
          reply.status('writing');
          for (const draft of ['Set the', 'Set the density', 'Set the density to 0.5']) {
            await reply.stream(safe(draft));
          }
          await reply.finish(sampleAnswer());
          const seen = (await visible()).join('\n');
          expect(seen).toContain('Set the density to 0.6');
          expect(seen).not.toContain('0.5');
          expect(seen).toContain('[1]');
          expect(seen).toContain('Placement guide 1');
          expect(seen).toContain('docs/placement.md:10');
          for (const draft of drafts()) expect(draft).not.toMatch(/https?:\/\/docs\.example/);
        });

        it(`leaves no draft behind when it fails (${streaming})`, async () => {
          const { reply, visible } = await question(streaming);
          for (const draft of ['Set', 'Set the', 'Set the density']) await reply.stream(safe(draft));
          await reply.fail(sampleNotice());
          const seen = await visible();
          expect(seen.join('\n')).toContain('Ask again in a minute');
          expect(seen.join('\n')).toContain('ref-1');
          expect(seen.join('\n')).not.toContain('Set the');
        });
      }

      it('finishes once, however often it is told to', async () => {
        const { reply, visible } = await question();
        const [first, second] = await Promise.all([
          reply.finish(sampleAnswer()),
          reply.finish(sampleAnswer()),
        ]);
        const third = await reply.fail(sampleNotice());
        expect(second).toEqual(first);
        expect(third).toEqual(first);
        expect(await visible()).toHaveLength(1);
      });

      it('lets the first ending win when it was a notice', async () => {
        const { reply, visible } = await question();
        const first = await reply.fail(sampleNotice());
        expect(await reply.finish(sampleAnswer())).toEqual(first);
        expect((await visible()).join('\n')).not.toContain('Set the density');
      });

      it('answers although the status cannot be shown', async () => {
        const { reply, visible, breakStatus } = await question();
        breakStatus();
        reply.status('searching');
        await reply.finish(sampleAnswer());
        expect((await visible()).join('\n')).toContain('Set the density to 0.6');
      });

      it('shows the closest documents when there is no answer', async () => {
        const { reply, visible } = await question();
        await reply.finish(
          sampleAnswer({
            markdown: 'The documents do not say.',
            grounding: 'refused',
            citations: [],
            nearest: [sampleCitation(1)],
          }),
        );
        const seen = (await visible()).join('\n');
        expect(seen).toContain('The documents do not say.');
        expect(seen).toContain('Placement guide 1');
      });

      it('names the other places of a source', async () => {
        const { reply, visible } = await question();
        await reply.finish(
          sampleAnswer({ citations: [sampleCitation(1, { alsoIn: ['old/placement.md:9', '2 more'] })] }),
        );
        expect((await visible()).join('\n')).toContain(
          'docs/placement.md:10, also in old/placement.md:9, 2 more',
        );
      });

      it('shows the line about the answer itself', async () => {
        const { reply, visible } = await question();
        await reply.finish(sampleAnswer({ note: 'No language model is configured.' }));
        expect((await visible()).join('\n')).toContain('No language model is configured.');
      });

      it('keeps chip text as it is', async () => {
        const { reply, visible } = await question();
        const code = 'assign q[31:0] = a_b_c * d_e & ~mask;\nset x $env(PDK_ROOT)';
        await reply.finish(
          sampleAnswer({ markdown: `Use \`data[31:0]\` [1].\n\n\`\`\`tcl\n${code}\n\`\`\`` }),
        );
        const seen = (await visible()).join('\n');
        for (const line of code.split('\n')) expect(seen).toContain(line);
        expect(seen).toContain('data[31:0]');
      });

      it('pings nobody, whatever an answer says', async () => {
        const { reply, sent } = await question();
        await reply.stream(safe(HOSTILE));
        await reply.finish(sampleAnswer({ markdown: HOSTILE, note: HOSTILE }));
        for (const payload of sent()) expect(payload).not.toMatch(subject.pings);
      });

      it.skipIf(subject.messageLimit === undefined)('splits at the limit, and only there', async () => {
        const limit = subject.messageLimit as number;
        for (const [length, least] of [
          [limit - 1, 1],
          [limit, 1],
          [limit + 1, 2],
        ] as const) {
          const { reply, visible, close } = await question();
          const half = 'a'.repeat(Math.floor(length / 2) - 1);
          const markdown = `${half}\n\n${'b'.repeat(length - half.length - 2)}`;
          const delivery = await reply.finish(sampleAnswer({ markdown, citations: [] }));
          expect(delivery.parts).toBe(least);
          const seen = await visible();
          expect(seen).toHaveLength(least);
          expect(seen[0]).toContain(half);
          await close();
        }
      });
    });

    describe('taken up again by another process', () => {
      for (const streaming of subject.streaming.filter((each) => each !== 'none')) {
        it(`ends the draft that the first one left (${streaming})`, async () => {
          const { platform, say, visible } = await open(streaming);
          await say(asked, 'How dense may placement be?');
          const record = newRecord();
          const first = platform.replyTo(inbox.only, record);
          await first.stream(safe('Set the density to 0.5'));
          await eventually(() => record.saved !== undefined, 'the draft');
          await platform.replyTo(inbox.only, recordAgain(record)).finish(sampleAnswer());
          const seen = await visible();
          expect(seen).toHaveLength(1);
          expect(seen[0]).toContain('Set the density to 0.6');
        });
      }

      it('posts an answer that stands no second time, and puts no notice in its place', async () => {
        const { platform, say, visible } = await open();
        await say(asked, 'How dense may placement be?');
        const record = newRecord();
        const first = await platform.replyTo(inbox.only, record).finish(sampleAnswer());
        const second = await platform.replyTo(inbox.only, recordAgain(record)).fail(sampleNotice());
        expect(second).toEqual(first);
        const third = await platform.replyTo(inbox.only, recordAgain(record)).finish(sampleAnswer());
        expect(third).toEqual(first);
        const seen = await visible();
        expect(seen).toHaveLength(1);
        expect(seen[0]).toContain('Set the density to 0.6');
        expect(seen[0]).not.toContain('Ask again in a minute');
      });

      it('answers although the first one had posted nothing', async () => {
        const { platform, say, visible } = await open();
        await say(asked, 'How dense may placement be?');
        await platform.replyTo(inbox.only, recordAgain(newRecord())).finish(sampleAnswer());
        expect(await visible()).toHaveLength(1);
      });
    });

    describe('stopping', () => {
      it('stops although nothing was asked, and twice', async () => {
        const { platform } = await open();
        await platform.stop(AbortSignal.timeout(5_000));
        await platform.stop(AbortSignal.timeout(5_000));
      });

      it('reports its health in words', async () => {
        const { platform } = await open();
        const health = await platform.check();
        expect(health.ok).toBe(true);
        expect(health.detail).not.toBe('');
      });
    });
  });
}
