// The four verbs of a reply, for one message in Teams.
import type { Activity } from 'botbuilder';
import type { Logger } from 'pino';
import type { Answer, Notice } from '../../src/conversation/answer.js';
import type { Delivery, Reply, Stage } from '../../src/conversation/reply.js';
import type { SafeMarkdown } from '../../src/safety/sanitise.js';
import type { Address } from './address.js';
import { ConnectorFailure } from './connector-transport.js';
import { deliveryError } from './delivery-error.js';
import type { Outbox } from './outbox.js';
import { renderAnswer, renderNotice } from './render-answer.js';
import { MESSAGE_LIMIT } from './split-message.js';
import { settledMarkdown, teamsMarkdown } from './teams-markdown.js';

/** Teams allows one streaming update in a second and advises to gather words for 1.5 to 2. */
const DRAFT_GAP_MS = 1500;

const STAGES: Readonly<Record<Stage, string>> = {
  searching: 'Searching the documents…',
  writing: 'Writing the answer…',
};

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
 */
export function createTeamsReply(address: Address, { outbox, now, log, track }: ReplyTools): Reply {
  const personal = address.conversation.type === 'personal';
  let streamId = '';
  let sequence = 0;
  let shown = '';
  /** False once Teams refused a piece of the stream; the final text then goes another way. */
  let streaming = personal;
  let lastSentAt = Number.NEGATIVE_INFINITY;
  let sending: Promise<void> | undefined;
  let ending: Promise<Delivery> | undefined;

  /** Sends a passing sign, unless one is on its way or was a moment ago. Failures are noted, never raised. */
  function show(work: () => Promise<void>): void {
    if (ending !== undefined || sending !== undefined || now() - lastSentAt < DRAFT_GAP_MS) return;
    sending = work()
      .catch((failure: unknown) => {
        if (isOver(failure)) streaming = false;
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
    if (streamId === '') streamId = id;
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

  /** Puts `first` where the stream was. Resolves to the id of the message that now shows it. */
  async function place(first: Partial<Activity>): Promise<string> {
    if (streamId === '') return await outbox.post(address, first, 'plain');
    if (streaming) {
      try {
        const entities = [streamInfo('final'), ...(first.entities ?? [])];
        return (await outbox.post(address, { ...first, entities }, 'safe')) || streamId;
      } catch (failure) {
        if (!(failure instanceof ConnectorFailure)) throw failure;
        log.info({ code: failure.code, status: failure.status }, 'Teams refused the end of a stream');
      }
    }
    try {
      // Also right when the stream did end and only the answers were lost: the same text replaces itself.
      await outbox.replace(address, streamId, first);
      return streamId;
    } catch (failure) {
      if (!(failure instanceof ConnectorFailure) || failure.status === undefined) throw failure;
    }
    const id = await outbox.post(address, first, 'plain');
    if (shown !== '') await outbox.remove(address, streamId).catch(() => undefined);
    return id;
  }

  async function deliver(render: () => readonly Partial<Activity>[]): Promise<Delivery> {
    await sending;
    let messageId = '';
    let posted = 0;
    try {
      for (const part of render()) {
        const id = posted === 0 ? await place(part) : await outbox.post(address, part, 'plain');
        if (posted === 0) messageId = id;
        posted += 1;
      }
      return { messageId, parts: posted };
    } catch (thrown) {
      const error = deliveryError(thrown, now());
      const nothingShown =
        posted === 0 && !(thrown instanceof ConnectorFailure && thrown.applied === 'unknown');
      // Nothing stands in the thread, so a later call may still say something.
      if (nothingShown) ending = undefined;
      log.warn({ code: error.code, message: error.message, posted }, 'a reply was not delivered to Teams');
      throw error;
    }
  }

  function end(render: () => readonly Partial<Activity>[]): Promise<Delivery> {
    ending ??= track(deliver(render));
    return ending;
  }

  return {
    status(stage) {
      show(async () => {
        if (streaming && shown === '') await sendChunk('informative', STAGES[stage]);
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
    fail: (notice: Notice) => end(() => [renderNotice(notice)]),
  };
}

/** Teams has ended the stream: its two minutes are over, somebody pressed Stop, or streams are not allowed here. */
function isOver(failure: unknown): boolean {
  return failure instanceof ConnectorFailure && [400, 403, 404, 405].includes(failure.status ?? 0);
}
