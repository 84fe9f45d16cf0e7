// What Bolt calls for each kind of payload. A listener only takes in; whatever takes long is begun and left in flight.
import type { App } from '@slack/bolt';
import type { Logger } from 'pino';
import type { IncomingMessage } from '../../src/conversation/message.js';
import type { Admission, Inbox, Ratings } from '../../src/conversation/platform.js';
import { ChipwrightError } from '../../src/errors.js';
import { ASK_COMMAND, ASK_SHORTCUT, RATE_ACTION, SHARE_ACTION, SUGGESTED_PROMPTS } from './app-surface.js';
import { asked } from './asker-reply.js';
import { type FollowUps, fromCommand, fromEvent, fromShortcut, type Identity } from './incoming.js';
import {
  commandSchema,
  envelopeSchema,
  homeOpenedSchema,
  messageSchema,
  ratingSchema,
  read,
  shareSchema,
  shortcutSchema,
} from './payloads.js';
import { rate, readRating } from './rating.js';
import { wordsPart } from './render/message.js';
import type { ResponseUrls } from './response-url.js';
import type { Sender } from './sender.js';
import { shareAnswer } from './share.js';
import type { SharedAnswers } from './shared-answers.js';
import type { UnfinishedWork } from './unfinished-work.js';

const USAGE = `Type ${ASK_COMMAND.command} and your question, for example: ${ASK_COMMAND.command} ${ASK_COMMAND.usageHint} Only you see the answer, until you share it.`;
const BUSY = 'I have too many questions at the moment. Ask again in a minute.';
const STOPPING = 'I am being restarted. Ask again in a minute.';
const UNAVAILABLE = 'I cannot take questions at the moment. Ask again in a few minutes.';

export interface Intake {
  /** Known once the platform was started, and before anything is received. */
  readonly me: Identity;
  readonly inbox: Inbox;
  readonly ratings: Ratings;
}

export interface ListenerParts {
  readonly intake: () => Intake;
  readonly followUps: FollowUps;
  readonly sender: Sender;
  readonly responseUrls: ResponseUrls;
  readonly shared: SharedAnswers;
  readonly unfinished: UnfinishedWork;
  readonly now: () => number;
  readonly log: Logger;
}

export function listen(app: App, parts: ListenerParts): void {
  const { intake, followUps, sender, responseUrls, shared, unfinished, now, log } = parts;
  const delivery = (retryNum: number | undefined) => ({ now: new Date(now()), attempt: (retryNum ?? 0) + 1 });
  /** Tells a person something about a command or shortcut; that it failed is for the log. */
  const tell = (responseUrl: string, words: string) => {
    const told = responseUrls.send(responseUrl, { part: wordsPart(words) }).catch((error: unknown) => {
      log.warn({ err: error }, 'A person could not be told why nothing happened');
    });
    void unfinished.add(told);
  };

  const onMessage = async (event: unknown, body: unknown, retryNum: number | undefined) => {
    const { me, inbox } = intake();
    const message = fromEvent(
      read(messageSchema, event),
      read(envelopeSchema, body),
      me,
      followUps,
      delivery(retryNum),
    );
    if (typeof message === 'string') log.debug({ dropped: message }, 'A Slack message that is no question');
    else refuse(await inbox.accept(message));
  };
  app.event('app_mention', ({ event, body, context }) => onMessage(event, body, context.retryNum));
  app.event('message', ({ event, body, context }) => onMessage(event, body, context.retryNum));

  app.event('app_home_opened', async ({ event }) => {
    const { tab, channel } = read(homeOpenedSchema, event);
    if (tab !== 'messages' || channel == null) return;
    const args = () => ({ channel_id: channel, prompts: SUGGESTED_PROMPTS });
    void unfinished.add(sender.attempt({ method: 'assistant.threads.setSuggestedPrompts', args }));
  });

  app.command(ASK_COMMAND.command, async ({ command, ack, context }) => {
    const { me, inbox } = intake();
    const message = fromCommand(read(commandSchema, command), me, delivery(context.retryNum));
    if (message.text === '' || /^(help|\?)$/i.test(message.text)) return ack(ephemeral(USAGE));
    const admission = await inbox.accept(message);
    if (admission === 'overloaded') return ack(ephemeral(BUSY));
    if (admission === 'draining') return ack(ephemeral(STOPPING));
    if (admission === 'unavailable') return ack(ephemeral(UNAVAILABLE));
    if (admission === 'limited') return ack();
    const searching = ephemeral('Searching …');
    return ack({ ...searching, blocks: [...searching.blocks, asked(message.text)] });
  });

  app.shortcut(ASK_SHORTCUT.callbackId, async ({ shortcut, ack, context }) => {
    const { me, inbox } = intake();
    const payload = read(shortcutSchema, shortcut);
    const message: IncomingMessage = fromShortcut(payload, me, delivery(context.retryNum));
    const admission = message.text === '' ? 'empty' : await inbox.accept(message);
    await ack();
    const words = {
      accepted: undefined,
      empty: 'That message has no text that I could answer.',
      limited: undefined,
      duplicate: 'That message was asked about before. Look in its thread.',
      overloaded: BUSY,
      draining: STOPPING,
      unavailable: UNAVAILABLE,
    }[admission];
    if (words !== undefined) tell(payload.response_url, words);
  });

  app.action(SHARE_ACTION, async ({ body, ack }) => {
    const { channel, user, response_url, actions } = read(shareSchema, body);
    await ack();
    const answerId = actions[0]?.value ?? '';
    const press = { answerId, channel: channel.id, user: user.id, responseUrl: response_url };
    const sharing = shareAnswer(press, shared, sender, responseUrls).catch((error: unknown) => {
      log.warn({ answerId, err: error }, 'A person could not be told what became of a shared answer');
    });
    void unfinished.add(sharing);
  });

  app.action(RATE_ACTION, async ({ body, ack }) => {
    const { ratings } = intake();
    const payload = read(ratingSchema, body);
    const rating = readRating(payload);
    // Kept before Slack is told that it arrived.
    const words = rating === undefined ? undefined : await rate(rating, ratings);
    await ack();
    if (words !== undefined) tell(payload.response_url, words);
  });

  app.error(async (error) => {
    throw error; // The receiver decides what Slack is told.
  });
}

/** Nothing was taken: the receiver does not acknowledge, and Slack delivers the event again. */
function refuse(admission: Admission): void {
  if (admission !== 'accepted' && admission !== 'duplicate' && admission !== 'limited') {
    const code = admission === 'unavailable' ? 'storage_unavailable' : admission;
    throw new ChipwrightError(code, 'A question was not taken in.', {
      cure: 'Nothing needs to be done: Slack delivers it again.',
      retryable: true,
    });
  }
}

function ephemeral(words: string) {
  const { text, blocks } = wordsPart(words);
  return { response_type: 'ephemeral' as const, text, blocks: [...blocks] };
}
