// The bot's own messages under one question: posted so that they can be found again, edited, and removed.
import { z } from 'zod';
import type { ThreadAddress } from './address.js';
import { ANSWER_METADATA } from './app-surface.js';
import { slackCode } from './delivery-error.js';
import type { MessagePart } from './render/message.js';
import { editsIn, postsTo, type Sender } from './sender.js';

/** Switches off everything by which a text could fetch a page, call people or be rewritten. */
export const QUIET = { unfurl_links: false, unfurl_media: false, parse: 'none', link_names: false } as const;

const postedSchema = z.object({ ts: z.string() });

const historySchema = z.object({
  messages: z
    .array(
      z.object({
        ts: z.string(),
        bot_id: z.string().nullish(),
        metadata: z
          .object({ event_type: z.string(), event_payload: z.record(z.string(), z.unknown()).nullish() })
          .nullish(),
      }),
    )
    .default([]),
});

type Posted = z.infer<typeof historySchema>['messages'][number];

/** What an earlier process left under the question. */
export interface Earlier {
  /** The `ts` of the messages that bear a name, by part. */
  readonly posted: readonly string[];
  /** Whether they are an answer or a notice, and not a draft. */
  readonly ended: boolean;
  /** A message without a name: a stream that was begun and not finished. */
  readonly unnamed: string | undefined;
}

/** What a message of ours is: a part of the answer to one question. `answerId` is not known yet for a draft. */
export interface PostName {
  readonly part: number;
  readonly answerId?: string;
}

export class ThreadPosts {
  readonly #address: ThreadAddress;
  readonly #questionId: string;
  readonly #botId: string;
  readonly #sender: Sender;
  /** Parts whose post failed without an answer: they may be there. */
  readonly #unsure = new Set<number>();

  constructor(address: ThreadAddress, questionId: string, botId: string, sender: Sender) {
    this.#address = address;
    this.#questionId = questionId;
    this.#botId = botId;
    this.#sender = sender;
  }

  /**
   * Posts a part in the thread; its `ts`. Nothing when `content` says that it is no longer wanted. When an earlier try
   * got no answer, the part is looked for first, and edited if it is there. `signal` ends a wait for a rate limit.
   */
  async post(
    name: PostName,
    content: () => MessagePart | undefined,
    signal?: AbortSignal,
  ): Promise<string | undefined> {
    const { channel, thread } = this.#address;
    const landed = async () => {
      const ts = await this.find(name.part, signal);
      return ts === undefined ? undefined : { ts };
    };
    if (this.#unsure.has(name.part)) {
      const earlier = await this.find(name.part, signal);
      if (earlier !== undefined) {
        await this.edit(earlier, name, content, signal);
        return earlier;
      }
    }
    try {
      const posted = await this.#sender.call<unknown>({
        method: 'chat.postMessage',
        line: postsTo(channel),
        landed,
        signal,
        args: () => {
          const part = content();
          return part && { channel, thread_ts: thread, ...QUIET, ...this.#body(name, part) };
        },
      });
      return posted === undefined ? undefined : postedSchema.parse(posted).ts;
    } catch (error) {
      if (slackCode(error) === undefined) this.#unsure.add(name.part);
      throw error;
    }
  }

  /** Replaces a message. Blocks go with every edit: without them Slack may keep showing the old ones. */
  async edit(
    ts: string,
    name: PostName,
    content: () => MessagePart | undefined,
    signal?: AbortSignal,
  ): Promise<void> {
    const { channel } = this.#address;
    await this.#sender.call({
      method: 'chat.update',
      line: editsIn(channel),
      signal,
      args: () => {
        const part = content();
        return part && { channel, ts, parse: 'none', link_names: false, ...this.#body(name, part) };
      },
    });
  }

  /** Ends a stream whose message is to be edited, however often Slack must be asked; one that has ended by itself is as good. */
  async endStream(ts: string): Promise<void> {
    const { channel } = this.#address;
    try {
      await this.#sender.call({ method: 'chat.stopStream', args: () => ({ channel, ts }) });
    } catch (error) {
      if (slackCode(error) !== 'message_not_in_streaming_state') throw error;
    }
  }

  async remove(ts: string): Promise<void> {
    await this.#sender.attempt({
      method: 'chat.delete',
      args: () => ({ channel: this.#address.channel, ts }),
    });
  }

  /** The message that is this part of the answer, if Slack has it: asked after a response was lost, or a restart. */
  async find(part: number, signal?: AbortSignal): Promise<string | undefined> {
    return this.#named(await this.#replies(signal), part)?.ts;
  }

  /** What the thread shows of an earlier try, from one look. */
  async recall(): Promise<Earlier> {
    const messages = await this.#replies();
    const posted: string[] = [];
    for (let part = this.#named(messages, 0); part !== undefined; part = this.#named(messages, posted.length))
      posted.push(part.ts);
    const ended = this.#named(messages, 0)?.metadata?.event_payload?.answer_id !== undefined;
    return { posted, ended, unnamed: this.#unnamed(messages) };
  }

  /**
   * A message of ours after the question that carries no name. Only a stream that was begun and not finished looks so:
   * Slack takes no metadata when a stream starts.
   */
  async findUnfinishedStream(signal?: AbortSignal): Promise<string | undefined> {
    return this.#unnamed(await this.#replies(signal));
  }

  #named(messages: readonly Posted[], part: number): Posted | undefined {
    return messages.find(({ metadata }) => {
      const payload = metadata?.event_payload;
      return (
        metadata?.event_type === ANSWER_METADATA &&
        payload?.question_id === this.#questionId &&
        payload.part === part
      );
    });
  }

  #unnamed(messages: readonly Posted[]): string | undefined {
    const ours = messages.filter(
      ({ ts, bot_id, metadata }) =>
        bot_id === this.#botId && metadata == null && Number(ts) > Number(this.#address.ts),
    );
    return ours.at(-1)?.ts;
  }

  async #replies(signal?: AbortSignal) {
    const { channel, thread, ts } = this.#address;
    const history = await this.#sender.call<unknown>({
      method: 'conversations.replies',
      signal,
      args: () => ({
        channel,
        ts: thread,
        oldest: ts,
        inclusive: true,
        limit: 200,
        include_all_metadata: true,
      }),
    });
    return historySchema.parse(history).messages;
  }

  #body(name: PostName, part: MessagePart) {
    return {
      text: part.text,
      blocks: part.blocks,
      metadata: {
        event_type: ANSWER_METADATA,
        event_payload: {
          question_id: this.#questionId,
          part: name.part,
          ...(name.answerId === undefined ? {} : { answer_id: name.answerId }),
        },
      },
    };
  }
}
