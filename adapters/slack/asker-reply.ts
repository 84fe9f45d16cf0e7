// The way back to a person who used the command: an answer only they see, with a button to share it.
import type { KnownBlock } from '@slack/types';
import { z } from 'zod';
import type { Answer, Notice } from '../../src/conversation/answer.js';
import {
  type Delivery,
  placeLine,
  type Reply,
  type ReplyRecord,
  type Status,
} from '../../src/conversation/reply.js';
import type { AskerAddress } from './address.js';
import { SHARE_ACTION } from './app-surface.js';
import { fromSlack, isLost } from './delivery-error.js';
import {
  answerParts,
  context,
  MESSAGE_CHARS,
  type MessagePart,
  noticePart,
  wordsPart,
} from './render/message.js';
import { RESPONSE_URL_USES, type ResponseUrls } from './response-url.js';
import type { Sender } from './sender.js';
import type { SharedAnswers } from './shared-answers.js';
import type { UnfinishedWork } from './unfinished-work.js';

/** One use of the address stays free for a retry, or for the line that says how many questions are before this one. */
const MOST_PARTS = RESPONSE_URL_USES - 1;

/** Sent instead of what may have arrived: Slack does not say what only one person sees, so it cannot be looked up. */
const IN_DOUBT =
  'I was interrupted while I was sending you the answer. If you cannot see it, please ask again.';

/** How many parts were sent, and whether another was on its way. */
const savedSchema = z.object({ sent: z.number(), sending: z.boolean() });

export interface AskerReplyParts {
  readonly address: AskerAddress;
  readonly record: ReplyRecord;
  readonly responseUrls: ResponseUrls;
  readonly shared: SharedAnswers;
  readonly sender: Sender;
  readonly unfinished: UnfinishedWork;
}

/** There is no draft: an ephemeral message cannot be edited, and the command's own line already says "Searching". */
export class AskerReply implements Reply {
  readonly #parts: AskerReplyParts;
  #delivered: number;
  /** It was being sent when the process died, or no answer came from Slack. */
  #inDoubt: boolean;
  #end: Promise<Delivery> | undefined;

  constructor(parts: AskerReplyParts) {
    this.#parts = parts;
    const { saved } = parts.record;
    const earlier = saved === undefined ? undefined : savedSchema.parse(JSON.parse(saved));
    this.#delivered = earlier?.sent ?? 0;
    this.#inDoubt = earlier?.sending ?? false;
  }

  /** One line for who waits, as the address of a command can be used a few times only; what the bot is doing is not shown. */
  status(status: Status): void {
    if (typeof status === 'string' || !status.first || status.before === 0) return;
    const { address, responseUrls, unfinished } = this.#parts;
    const told = responseUrls.send(address.responseUrl, { part: wordsPart(placeLine(status)) });
    void unfinished.add(told).catch(() => {});
  }

  async stream(): Promise<void> {}

  finish(answer: Answer): Promise<Delivery> {
    const { address, shared } = this.#parts;
    shared.keep({ answer, channel: address.channel, asker: address.user });
    return this.#endWith(privateParts(answer), answer.id);
  }

  fail(notice: Notice): Promise<Delivery> {
    return this.#endWith([noticePart(notice)], notice.reference);
  }

  #endWith(parts: readonly MessagePart[], id: string): Promise<Delivery> {
    this.#end ??= this.#parts.unfinished.add(this.#deliver(parts, id)).catch((error: unknown) => {
      this.#end = undefined;
      throw fromSlack(error);
    });
    return this.#end;
  }

  async #deliver(parts: readonly MessagePart[], id: string): Promise<Delivery> {
    if (this.#inDoubt) {
      await this.#send(wordsPart(IN_DOUBT));
      return { messageId: id, parts: 1 };
    }
    while (this.#delivered < parts.length) {
      await this.#save(true);
      await this.#send(parts[this.#delivered] as MessagePart);
      this.#delivered += 1;
      await this.#save(false);
    }
    return { messageId: id, parts: parts.length };
  }

  #save(sending: boolean): Promise<void> {
    return this.#parts.record.save(JSON.stringify({ sent: this.#delivered, sending }));
  }

  /** When the address is used up or older than 30 minutes, an ephemeral post does the same where the bot is a member. */
  async #send(part: MessagePart): Promise<void> {
    const { address, responseUrls, sender } = this.#parts;
    try {
      await responseUrls.send(address.responseUrl, { part });
    } catch (error) {
      const { retryable, cause } = fromSlack(error);
      if (retryable) {
        // It may have arrived: a second way could show it twice.
        this.#inDoubt ||= cause === undefined || isLost(cause);
        if (!this.#inDoubt) await this.#save(false);
        throw error;
      }
      const refusal = await sender.attempt({
        method: 'chat.postEphemeral',
        args: () => ({
          channel: address.channel,
          user: address.user,
          text: part.text,
          blocks: part.blocks,
          parse: 'none',
          link_names: false,
        }),
      });
      if (refusal === undefined) return;
      await this.#save(false); // Neither way was taken, so nothing is in doubt.
      throw error;
    }
  }
}

/** The question first, because Slack does not show what was typed after the command; the button last. */
function privateParts(answer: Answer): MessagePart[] {
  const parts = answerParts(answer, MESSAGE_CHARS - 1_000);
  const shown = parts.slice(0, MOST_PARTS);
  const cutOff = parts.length - shown.length;
  return shown.map((part, at) => {
    const first = at === 0 ? [asked(answer.question)] : [];
    const last = at === shown.length - 1 ? ending(answer, cutOff) : [];
    return {
      ...part,
      blocks: [...first, ...part.blocks, ...last],
      plain: [...first, ...part.plain, ...last],
    };
  });
}

/** `You asked: ...`, at most a few lines of it. */
export function asked(question: string): KnownBlock {
  return context(`You asked: ${question.length > 500 ? `${question.slice(0, 499)}…` : question}`);
}

function ending(answer: Answer, cutOff: number): KnownBlock[] {
  const rest =
    cutOff > 0 ? [context('The rest of this answer is shown when you share it in the channel.')] : [];
  return [
    ...rest,
    {
      type: 'actions',
      elements: [
        {
          type: 'button',
          action_id: SHARE_ACTION,
          value: answer.id.slice(0, 2_000),
          text: { type: 'plain_text', text: 'Share in channel' },
        },
      ],
    },
  ];
}
