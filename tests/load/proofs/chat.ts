// A platform as the proofs see it: people who ask in threads, and what a reader of these threads sees of the bot.
import { IN_DOUBT } from '../../../adapters/teams/usage.js';
import type { Wanted } from '../../support/serve-chipwright.js';
import { BOT_USER, type SlackStandIn, startSlack, TEAM, type Unheard } from '../../support/slack-stand-in.js';
import { TeamsStandIn } from '../../support/teams-stand-in.js';

/** One way in which a question comes to the bot. */
export interface Delivery {
  /** The same for every delivery of a question. */
  readonly question: string;
  /** True when the platform was told that it is taken; `retry` counts from 0. */
  send(retry: number): Promise<boolean>;
}

/** A message of the bot. */
export interface Post {
  readonly question: string;
  readonly thread: string;
  /**
   * `ending`: an answer or a notice. `doubt`: a line that says that the answer may or may not be above it. `nameless`: the first piece of
   * a stream whose name the bot may never have learnt, so that it cannot end it; Teams does, after two minutes.
   */
  readonly kind: 'draft' | 'ending' | 'doubt' | 'nameless';
}

export interface Chat {
  readonly wanted: Pick<Wanted, 'slack' | 'teams'>;
  /** A question of the person `who` in an earlier thread of theirs, or in a new one; nothing is delivered yet. */
  ask(text: string, who: number, thread?: string): { readonly thread: string; deliveries(): Delivery[] };
  /** The bot's messages in the order in which they were posted. */
  posts(): Post[];
  /** From now on the bot listens at this address. */
  movesTo(url: string): void;
  close(): Promise<void>;
}

export async function slackChat(random: () => number): Promise<Chat> {
  const slack = await startSlack();
  return {
    wanted: { slack },
    ask(text, who, thread) {
      const begun = thread === undefined ? {} : { thread };
      const question = slack.unheard(text, { channel: `C${who}`, user: `U${who}`, ...begun });
      const twin = random() < 0.5 ? [deliveryOf(question, 'message')] : [];
      return { thread: question.thread, deliveries: () => [deliveryOf(question, 'app_mention'), ...twin] };
    },
    posts: () => postsIn(slack),
    movesTo: (url) => slack.sendEventsTo(`${url}/slack/events`),
    close: () => slack.close(),
  };
}

/** One of the two events that Slack makes of a mention. */
export function deliveryOf(question: Unheard, type: 'app_mention' | 'message'): Delivery {
  return {
    question: `${TEAM}:${question.channel}:${question.ts}`,
    send: async (retry) => (await question.deliver(type, retry)).taken,
  };
}

/** Each with the name that the bot gave it. */
export function postsIn(slack: SlackStandIn): Post[] {
  return slack.messages
    .filter(({ user }) => user === BOT_USER)
    .map(({ metadata, streaming, channel, thread = '' }) => {
      const named = metadata as { event_payload?: { question_id: string; answer_id?: string } } | undefined;
      const { question_id: question = 'no question', answer_id } = named?.event_payload ?? {};
      const ends = answer_id !== undefined && !streaming;
      return { question, thread: `${channel} ${thread}`, kind: ends ? 'ending' : 'draft' };
    });
}

/** A line for who waits, beside the answer. */
const PLACE_IN_QUEUE = /^(?:One question is|\d+ questions are) before yours; the answer follows\.$/;

/** Every other person asks in the chat with the bot, where answers are streamed, and the others in threads of a channel. */
export async function teamsChat(random: () => number): Promise<Chat> {
  const teams = await TeamsStandIn.open();
  let endpoint = '';
  return {
    wanted: { teams },
    ask(text, who, thread) {
      const from = { id: `29:person-${who}`, name: 'Ada', aadObjectId: `object-${who}` };
      const personal = { id: `a:personal-${who}`, conversationType: 'personal', tenantId: teams.tenant };
      const channel = { conversationType: 'channel', isGroup: true, tenantId: teams.tenant };
      const inThread = thread === undefined ? {} : { conversation: { ...channel, id: thread } };
      const question =
        who % 2 === 0
          ? teams.personalMessage(text, { from, conversation: personal })
          : teams.channelMention(text, { from, ...inThread });
      const delivery: Delivery = {
        question: question.id,
        // A process that dies answers nothing.
        send: async () =>
          (await teams.deliver(endpoint, question).catch(() => ({ status: 0 }))).status === 200,
      };
      const again = random() < 0.5 ? [delivery] : [];
      return { thread: question.conversation.id, deliveries: () => [delivery, ...again] };
    },
    posts: () =>
      teams.replies().flatMap(({ conversationId: thread, replyTo: question, text, state, sequence }) => {
        if (PLACE_IN_QUEUE.test(text)) return [];
        const unfinished = sequence === 1 ? 'nameless' : 'draft';
        const kind = text === IN_DOUBT ? 'doubt' : state === 'final' ? 'ending' : unfinished;
        return [{ question, thread, kind } as const];
      }),
    movesTo: (url) => {
      endpoint = `${url}/api/messages`;
    },
    close: () => teams.close(),
  };
}
