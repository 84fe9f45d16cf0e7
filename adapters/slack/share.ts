// The button under a private answer: the answer goes to the channel, with the question and who shared it.
import type { KnownBlock } from '@slack/types';
import { z } from 'zod';
import { ANSWER_METADATA } from './app-surface.js';
import { asked } from './asker-reply.js';
import { fromSlack, slackCode } from './delivery-error.js';
import { withPlainFallback } from './plain-fallback.js';
import { answerParts, MESSAGE_CHARS, type MessagePart, wordsPart } from './render/message.js';
import { text } from './render/rich-text.js';
import type { ResponseUrls } from './response-url.js';
import { postsTo, type Sender } from './sender.js';
import type { ClaimedAnswer, PrivateAnswer, SharedAnswers } from './shared-answers.js';
import { QUIET } from './thread-posts.js';

const postedSchema = z.object({ ts: z.string() });
const historySchema = z.object({
  messages: z
    .array(
      z.object({
        ts: z.string(),
        metadata: z.object({ event_payload: z.record(z.string(), z.unknown()).nullish() }).nullish(),
      }),
    )
    .default([]),
});

export interface Press {
  readonly answerId: string;
  readonly channel: string;
  readonly user: string;
  readonly responseUrl: string;
}

/** Shares once, and tells the person what became of it. Rejects only when even that cannot be told. */
export async function shareAnswer(
  press: Press,
  shared: SharedAnswers,
  sender: Sender,
  responseUrls: ResponseUrls,
): Promise<void> {
  const tell = (words: string, replaceOriginal = false) =>
    responseUrls.send(press.responseUrl, { part: wordsPart(words), replaceOriginal });
  const kept = shared.claim(press.answerId, press.channel, press.user);
  if (kept === 'already') return;
  if (kept === 'gone') return tell('I no longer have this answer. Ask again, then share the new one.');
  try {
    await postShared(kept, sender);
  } catch (error) {
    if (slackCode(error) === undefined) kept.soFar.unsure = true;
    shared.release(press.answerId);
    const { message, cure } = fromSlack(error);
    return tell(`I could not share the answer. ${message} ${cure}`);
  }
  await tell('Shared in this channel.', true);
}

/** Posts the parts that are not in the channel yet: the first there, the others in its thread. */
async function postShared(kept: ClaimedAnswer, sender: Sender): Promise<void> {
  const { soFar } = kept;
  const parts = answerParts(kept.answer, MESSAGE_CHARS - 1_000);
  for (const [at, part] of parts.entries()) {
    if (at < soFar.posted.length) continue;
    const thread = soFar.posted[0];
    const earlier = soFar.unsure
      ? postedSchema.optional().parse(await find(sender, kept.channel, thread, kept.answer.id, at))
      : undefined;
    const whole = at === 0 ? withHead(part, kept) : part;
    soFar.posted.push(
      earlier?.ts ?? (await withPlainFallback(whole, (message) => post(kept, sender, at, message, thread))),
    );
    soFar.unsure = false;
  }
}

async function post(
  { answer, channel }: PrivateAnswer,
  sender: Sender,
  part: number,
  message: MessagePart,
  thread: string | undefined,
): Promise<string> {
  const posted = await sender.call<unknown>({
    method: 'chat.postMessage',
    line: postsTo(channel),
    args: () => ({
      channel,
      ...(thread === undefined ? {} : { thread_ts: thread }),
      ...QUIET,
      text: message.text,
      blocks: message.blocks,
      metadata: {
        event_type: ANSWER_METADATA,
        event_payload: { question_id: `share:${answer.id}`, answer_id: answer.id, part },
      },
    }),
    landed: () => find(sender, channel, thread, answer.id, part),
  });
  return postedSchema.parse(posted).ts;
}

/** The shared message, if Slack has it although its response was lost. */
async function find(
  sender: Sender,
  channel: string,
  thread: string | undefined,
  answerId: string,
  part: number,
): Promise<unknown> {
  const history = await sender.call<unknown>({
    method: thread === undefined ? 'conversations.history' : 'conversations.replies',
    args: () => ({
      channel,
      ...(thread === undefined ? {} : { ts: thread }),
      limit: 50,
      include_all_metadata: true,
    }),
  });
  return historySchema.parse(history).messages.find(({ metadata }) => {
    const payload = metadata?.event_payload;
    return payload?.question_id === `share:${answerId}` && payload.part === part;
  });
}

function withHead(part: MessagePart, { answer, asker }: PrivateAnswer): MessagePart {
  const head: KnownBlock[] = [
    {
      type: 'rich_text',
      elements: [
        {
          type: 'rich_text_section',
          elements: [{ type: 'user', user_id: asker }, text(' shared an answer.')],
        },
      ],
    },
    asked(answer.question),
  ];
  return { ...part, blocks: [...head, ...part.blocks], plain: [...head, ...part.plain] };
}
