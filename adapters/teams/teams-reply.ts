// The four verbs of a reply, for one message in Teams.
import type { Activity } from 'botbuilder';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Answer, Notice } from '../../src/conversation/answer.js';
import {
  type Delivery,
  placeLine,
  type Reply,
  type ReplyRecord,
  type Stage,
} from '../../src/conversation/reply.js';
import type { SafeMarkdown } from '../../src/safety/sanitise.js';
import { type Address, ratedAs } from './address.js';
import { ConnectorFailure } from './connector-transport.js';
import { deliveryError, isOutage } from './delivery-error.js';
import type { Outbox } from './outbox.js';
import { message, renderAnswer, renderNotice } from './render-answer.js';
import { MESSAGE_LIMIT } from './split-message.js';
import { settledMarkdown, teamsMarkdown } from './teams-markdown.js';
import { IN_DOUBT } from './usage.js';

/** Teams allows one streaming update in a second and advises to gather words for 1.5 to 2. */
const DRAFT_GAP_MS = 1500;

const STAGES: Readonly<Record<Stage, string>> = {
  searching: 'Searching the documents…',
  writing: 'Writing the answer…',
};

/**
 * What is in the conversation already: the stream, the finished messages in their order, and whether another was on its way
 * when this was saved. A bot cannot read a conversation, so what was on its way and has no id stays in doubt.
 */
const savedSchema = z.object({ stream: z.string(), posted: z.array(z.string()), sending: z.boolean() });

interface ReplyTools {
  readonly outbox: Outbox;
  readonly now: () => number;
  readonly log: Logger;
  /** Told of every ending, so that stopping can wait for it. */
  readonly track: <T>(work: Promise<T>) => Promise<T>;
}

/**
 * Personal chats stream: an informative line, then the growing text, then the final message under the same stream id.
 * Everywhere else Teams allows no streams: a typing sign, then one message. When a stream breaks or is taken away (two
 * minutes, the Stop button) what was shown is edited into the final text; when even that fails, a new message is posted.
 * Taken up again after a crash, it edits what the earlier try posted; where that is in doubt, it says so and no more.
 */
export function createTeamsReply(
  address: Address,
  record: ReplyRecord,
  { outbox, now, log, track }: ReplyTools,
): Reply {
  const personal = address.conversation.type === 'personal';
  const earlier = record.saved === undefined ? undefined : savedSchema.parse(JSON.parse(record.saved));
  const posted = [...(earlier?.posted ?? [])];
  let streamId = earlier?.stream ?? '';
  let sequence = 0;
  let shown = '';
  /** False once Teams refused a piece of the stream; the final text then goes another way. */
  let streaming = personal;
  let lastSentAt = Number.NEGATIVE_INFINITY;
  let sending: Promise<void> | undefined;
  let ending: Promise<Delivery> | undefined;
  /** A message was on its way, and nobody knows whether it arrived. */
  let inDoubt = earlier?.sending ?? false;
  /** Teams failed a moment ago. */
  let failing = false;

  /** Sends a passing sign, unless one is on its way or was a moment ago. Failures are noted, never raised. */
  function show(work: () => Promise<void>): void {
    if (ending !== undefined || sending !== undefined || now() - lastSentAt < DRAFT_GAP_MS) return;
    sending = work()
      .catch((failure: unknown) => {
        if (isOver(failure)) streaming = false;
        failing ||= isOutage(failure);
        log.debug({ code: failure instanceof ConnectorFailure ? failure.code : '' }, 'Teams took no draft');
      })
      .finally(() => {
        sending = undefined;
      });
  }

  async function sendTyping(more: Partial<Activity> = {}): Promise<string> {
    lastSentAt = now();
    return await outbox.post(address, { type: 'typing', ...more }, 'once');
  }

  async function sendChunk(streamType: 'informative' | 'streaming', text: string): Promise<void> {
    sequence += 1;
    const id = await sendTyping({ text, entities: [streamInfo(streamType, sequence)] });
    // Only the first answer of a stream is sure to name it.
    if (streamId === '') {
      streamId = id;
      await save(false);
    }
    if (streamType === 'streaming') shown = text;
  }

  function streamInfo(streamType: 'informative' | 'streaming' | 'final', streamSequence?: number) {
    return {
      type: 'streaminfo',
      streamType,
      ...(streamId === '' ? {} : { streamId }),
      ...(streamSequence === undefined ? {} : { streamSequence }),
    };
  }

  function save(sending: boolean): Promise<void> {
    return record.save(JSON.stringify({ stream: streamId, posted, sending }));
  }

  /** Posts what cannot be posted twice without showing twice. */
  async function post(activity: Partial<Activity>): Promise<string> {
    await save(true);
    try {
      return await outbox.post(address, activity, 'plain');
    } catch (failure) {
      inDoubt = failure instanceof ConnectorFailure && failure.applied === 'unknown';
      if (!inDoubt) await save(false);
      throw failure;
    }
  }

  /** Puts `first` where the stream was. Resolves to the id of the message that now shows it. */
  async function place(first: Partial<Activity>): Promise<string> {
    if (streamId === '') return await post(first);
    if (streaming) {
      try {
        const entities = [streamInfo('final'), ...(first.entities ?? [])];
        return (await outbox.post(address, { ...first, entities }, 'safe')) || streamId;
      } catch (failure) {
        if (!(failure instanceof ConnectorFailure) || isOutage(failure)) throw failure;
        log.info({ code: failure.code, status: failure.status }, 'Teams refused the end of a stream');
      }
    }
    try {
      // Also right when the stream did end and only the answers were lost: the same text replaces itself.
      await outbox.replace(address, streamId, first);
      return streamId;
    } catch (failure) {
      if (!(failure instanceof ConnectorFailure) || isOutage(failure)) throw failure;
    }
    const id = await post(first);
    if (shown !== '') await outbox.remove(address, streamId).catch(() => undefined);
    return id;
  }

  /** Puts a part of the ending in its place: over that of an earlier try, into the stream, or below. */
  async function placePart(part: Partial<Activity>, at: number): Promise<void> {
    const before = posted[at];
    if (before !== undefined) return await outbox.replace(address, before, part);
    posted.push(at === 0 ? await place(part) : await post(part));
    await save(false);
  }

  function delivered(messageId: string, parts: number): Delivery {
    return { messageId, parts, ratedAs: ratedAs(address.conversation.id, messageId) };
  }

  async function deliver(render: () => readonly Partial<Activity>[]): Promise<Delivery> {
    await sending;
    let placed = 0;
    try {
      // What is posted while the connection breaks stays in doubt, so a sign that may get lost goes first.
      if (failing) await sendTyping();
      failing = false;
      if (inDoubt) {
        const id = await post(message(IN_DOUBT));
        inDoubt = false;
        return delivered(posted[0] ?? id, posted.length + 1);
      }
      for (const [at, part] of render().entries()) {
        await placePart(part, at);
        placed += 1;
      }
      for (const extra of posted.splice(placed)) await outbox.remove(address, extra).catch(() => undefined);
      return delivered(posted[0] ?? '', placed);
    } catch (thrown) {
      const error = deliveryError(thrown, now());
      failing = isOutage(thrown);
      // Nothing stands in the thread, or it may be completed: a later call may still say something.
      if (placed === 0 || error.retryable) ending = undefined;
      // What is tried again every few seconds is told once, by the one who tries.
      const level = error.retryable ? 'debug' : 'warn';
      log[level]({ code: error.code, message: error.message, placed }, 'a reply was not delivered to Teams');
      throw error;
    }
  }

  function end(render: () => readonly Partial<Activity>[]): Promise<Delivery> {
    ending ??= track(deliver(render));
    return ending;
  }

  return {
    status(status) {
      show(async () => {
        // A stream ends two minutes after it began, so it does not begin while a question waits.
        if (typeof status === 'string' && streaming && shown === '')
          await sendChunk('informative', STAGES[status]);
        // The line stays in the thread, so there is one, however often the place changes.
        else if (typeof status !== 'string' && status.first && status.before > 0)
          await outbox.post(address, message(placeLine(status)), 'once');
        else await sendTyping();
      });
    },
    async stream(draft: SafeMarkdown) {
      if (!streaming) return;
      show(async () => {
        const text = teamsMarkdown(settledMarkdown(draft));
        // Teams takes text away only at the end, so what would redraw the beginning waits for it.
        if (text.length <= shown.length || text.length > MESSAGE_LIMIT || !text.startsWith(shown)) return;
        await sendChunk('streaming', text);
      });
    },
    finish: (answer: Answer) => end(() => renderAnswer(answer)),
    fail(notice: Notice) {
      const [stands] = posted;
      if (ending === undefined && stands !== undefined)
        return Promise.resolve(delivered(stands, posted.length));
      return end(() => [renderNotice(notice)]);
    },
  };
}

/** Teams has ended the stream: its two minutes are over, somebody pressed Stop, or streams are not allowed here. */
function isOver(failure: unknown): boolean {
  return failure instanceof ConnectorFailure && [400, 403, 404, 405].includes(failure.status ?? 0);
}
