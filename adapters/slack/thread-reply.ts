// The way back into a thread: status, draft, and one final message that takes the draft's place.

import { z } from 'zod';
import type { Answer, Notice } from '../../src/conversation/answer.js';
import type { Delivery, Reply, ReplyRecord, Status } from '../../src/conversation/reply.js';
import type { SafeMarkdown } from '../../src/safety/sanitise.js';
import type { Abilities } from './abilities.js';
import type { ThreadAddress } from './address.js';
import { fromSlack, STREAM_OPEN, slackCode, TOO_LONG, UNREACHABLE, untilLater } from './delivery-error.js';
import { Draft } from './draft.js';
import { withPlainFallback } from './plain-fallback.js';
import { rateable } from './rating.js';
import { answerParts, MESSAGE_CHARS, type MessagePart, noticePart, wordsPart } from './render/message.js';
import type { Sender } from './sender.js';
import { type PostName, QUIET, ThreadPosts } from './thread-posts.js';
import { ThreadStatus } from './thread-status.js';
import type { UnfinishedWork } from './unfinished-work.js';

/** When Slack calls a message too long although it is within our limit, it is cut smaller, and smaller again. */
const LIMITS = [MESSAGE_CHARS, 4_000, 1_500] as const;

/** The message that was to be replaced is gone, or cannot be edited any more: the answer is posted anew. */
const NOT_EDITABLE: ReadonlySet<string> = new Set([
  'message_not_found',
  'cant_update_message',
  'edit_window_closed',
]);

const savedSchema = z.array(z.string());

export interface ThreadReplyParts {
  readonly address: ThreadAddress;
  readonly questionId: string;
  readonly botId: string;
  readonly sender: Sender;
  readonly abilities: Abilities;
  readonly unfinished: UnfinishedWork;
  /** Saved are the `ts` of what was posted, by part; for a draft, of its one message. */
  readonly record: ReplyRecord;
  /** Called once the bot has spoken in the thread. */
  readonly answered: () => void;
}

export class ThreadReply implements Reply {
  readonly #parts: ThreadReplyParts;
  readonly #posts: ThreadPosts;
  readonly #draft: Draft;
  readonly #status: ThreadStatus;
  /** Messages of this reply by part; a second try edits them instead of posting again. */
  readonly #sent: string[] = [];
  #end: Promise<Delivery> | undefined;
  #prepared = false;
  /** An earlier process has posted a whole ending, and not only a draft. */
  #stands = false;

  constructor(parts: ThreadReplyParts) {
    const { address, questionId, botId, sender, abilities, record } = parts;
    this.#parts = parts;
    this.#posts = new ThreadPosts(address, questionId, botId, sender);
    this.#draft = new Draft(address, sender, this.#posts, abilities, (ts) =>
      record.save(JSON.stringify([ts])),
    );
    this.#status = new ThreadStatus(address, sender, abilities);
  }

  status(status: Status): void {
    if (this.#end !== undefined || this.#draft.begun) return;
    void this.#parts.unfinished.add(this.#status.show(status));
  }

  async stream(draft: SafeMarkdown): Promise<void> {
    if (this.#end === undefined && !this.#parts.record.again) this.#draft.show(draft);
  }

  finish(answer: Answer): Promise<Delivery> {
    return this.#endWith(async () =>
      this.#deliver((limit) => {
        const parts = answerParts(answer, limit);
        return parts.map((part, at) => (at === parts.length - 1 ? rateable(part, answer.id) : part));
      }, answer.id),
    );
  }

  fail(notice: Notice): Promise<Delivery> {
    return this.#endWith(async () => {
      await this.#prepare();
      if (this.#stands) return this.#delivery();
      return this.#deliver(() => [noticePart(notice)], notice.reference);
    });
  }

  /** The first ending wins. One that failed may be tried again, by the same or another ending. */
  #endWith(deliver: () => Promise<Delivery>): Promise<Delivery> {
    this.#end ??= this.#parts.unfinished.add(deliver()).catch((error: unknown) => {
      this.#end = undefined;
      throw fromSlack(error);
    });
    return this.#end;
  }

  async #deliver(render: (limit: number) => MessagePart[], answerId: string): Promise<Delivery> {
    await this.#prepare();
    try {
      const parts = await this.#deliverCut(render, answerId);
      for (const extra of this.#sent.splice(parts)) await this.#posts.remove(extra);
      this.#parts.answered();
      return this.#delivery();
    } catch (error) {
      if (UNREACHABLE.has(slackCode(error) ?? '')) await this.#tellAsker(error);
      throw error;
    } finally {
      void this.#parts.unfinished.add(this.#status.clear());
    }
  }

  #delivery(): Delivery {
    return { messageId: this.#sent[0] ?? '', parts: this.#sent.length };
  }

  /** Finds the message to replace: the draft, or what an earlier process left behind. */
  async #prepare(): Promise<void> {
    if (this.#prepared) return;
    const draft = await this.#draft.close();
    if (draft !== undefined) this.#sent[0] = draft;
    else if (this.#parts.record.again) await this.#recall();
    this.#prepared = true;
  }

  /**
   * Where the bot may not read the history and nothing was saved, a second message is better than none. A history that cannot
   * be read at the moment rejects, and the message is taken up once more.
   */
  async #recall(): Promise<void> {
    const saved = savedSchema.parse(JSON.parse(this.#parts.record.saved ?? '[]'));
    const found = await this.#posts.recall().catch(untilLater);
    this.#stands = found?.ended ?? false;
    const posted = found?.posted ?? [];
    // A draft that is streamed has no name to be found by; and what was posted last may not have been saved.
    if (posted.length < saved.length) this.#sent.push(...saved);
    else if (posted.length > 0) this.#sent.push(...posted);
    else if (found?.unnamed !== undefined) this.#sent.push(found.unnamed);
  }

  async #deliverCut(render: (limit: number) => MessagePart[], answerId: string): Promise<number> {
    for (const limit of LIMITS) {
      const parts = render(limit);
      try {
        for (const [at, whole] of parts.entries())
          await withPlainFallback(whole, (part) => this.#place(part, { part: at, answerId }));
        return parts.length;
      } catch (error) {
        if (!TOO_LONG.has(slackCode(error) ?? '') || limit === LIMITS.at(-1)) throw error;
      }
    }
    return 0;
  }

  async #place(part: MessagePart, name: PostName): Promise<void> {
    const earlier = this.#sent[name.part];
    if (earlier !== undefined) {
      try {
        return await this.#edit(earlier, part, name);
      } catch (error) {
        if (!NOT_EDITABLE.has(slackCode(error) ?? '')) throw error;
      }
    }
    const ts = await this.#posts.post(name, () => part);
    if (ts === undefined) return;
    this.#sent[name.part] = ts;
    await this.#parts.record.save(JSON.stringify(this.#sent));
  }

  /** A stream that is still open, of an earlier process or because Slack did not take its end, must end before it can be edited. */
  async #edit(ts: string, part: MessagePart, name: PostName): Promise<void> {
    try {
      await this.#posts.edit(ts, name, () => part);
    } catch (error) {
      if (slackCode(error) !== STREAM_OPEN) throw error;
      await this.#posts.endStream(ts);
      await this.#posts.edit(ts, name, () => part);
    }
  }

  /** One to one, because the conversation itself does not take our messages. The answer itself is not repeated there. */
  async #tellAsker(error: unknown): Promise<void> {
    const { message, cure } = fromSlack(error);
    const { text, blocks } = wordsPart(`I could not answer where you asked. ${message} ${cure}`);
    await this.#parts.sender.attempt({
      method: 'chat.postMessage',
      args: () => ({ channel: this.#parts.address.user, text, blocks, ...QUIET }),
    });
  }
}
