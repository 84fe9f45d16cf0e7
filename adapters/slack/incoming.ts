// Slack payloads -> IncomingMessage, or the reason why a message is none of the bot's business.
import type { IncomingMessage, Person } from '../../src/conversation/message.js';
import { encodeAddress } from './address.js';
import type { CommandPayload, Envelope, MessageEvent, ShortcutPayload } from './payloads.js';
import { mentions, opensWithMentionOfAnother, plainText } from './plain-text.js';

/** Who the bot is in this workspace. */
export interface Identity {
  readonly userId: string;
  readonly botId: string;
  readonly team: string;
  readonly teamName: string;
}

export interface Delivery {
  readonly now: Date;
  /** 1 for the first delivery. */
  readonly attempt: number;
}

export interface FollowUps {
  /** Whether the bot answered in this thread, so that people may go on without a mention. */
  has(channel: string, thread: string): boolean;
}

export type Dropped = 'own' | 'bot' | 'slackbot' | 'edited' | 'subtype' | 'no-author' | 'not-addressed';

/** Subtypes that are new messages by people; all others tell about messages. */
const REAL_SUBTYPES = new Set(['file_share', 'thread_broadcast']);

/**
 * A `message` or `app_mention` event as a question. Both events of one mention give the same id, so that the inbox makes
 * them one; the `app_mention` has no file names. Edits are dropped even when they add a mention: the first text may be
 * answered already.
 */
export function fromEvent(
  event: MessageEvent,
  envelope: Envelope,
  me: Identity,
  followUps: FollowUps,
  delivery: Delivery,
): IncomingMessage | Dropped {
  if (event.user === me.userId || event.bot_id === me.botId) return 'own';
  if (event.bot_id != null || event.bot_profile != null || event.subtype === 'bot_message') return 'bot';
  if (event.user === 'USLACKBOT') return 'slackbot';
  if (event.edited != null) return 'edited';
  if (event.hidden === true || (event.subtype != null && !REAL_SUBTYPES.has(event.subtype))) return 'subtype';
  if (event.user == null) return 'no-author';

  const tenant = tenantOf(envelope, me);
  const thread = event.thread_ts ?? event.ts;
  const addressed = addressedBy(event, me, followUps);
  if (addressed === undefined) return 'not-addressed';
  const author = authorOf(event, event.user, tenant, envelope);
  return {
    id: `${tenant}:${event.channel}:${event.ts}`,
    thread: { platform: 'slack', tenant, key: `${event.channel}:${thread}` },
    author,
    surface: surfaceOf(event),
    addressed,
    visibility: 'thread',
    text: plainText(event.text ?? '', me.userId),
    attachments: fileNames(event.files),
    receivedAt: delivery.now,
    attempt: delivery.attempt,
    address: encodeAddress({
      to: 'thread',
      channel: event.channel,
      thread,
      ts: event.ts,
      user: event.user,
      team: author.tenant,
    }),
  };
}

/** A `/ask` command as a question. It has no message: `trigger_id` names it, and every command is its own thread. */
export function fromCommand(command: CommandPayload, me: Identity, delivery: Delivery): IncomingMessage {
  const tenant = tenantOf(command, me);
  return {
    id: `${tenant}:${command.channel_id}:${command.trigger_id}`,
    thread: { platform: 'slack', tenant, key: `${command.channel_id}:command:${command.trigger_id}` },
    author: { id: command.user_id, tenant, kind: 'human' },
    surface: surfaceNamed(command.channel_id, command.channel_name),
    addressed: 'command',
    visibility: 'asker',
    text: plainText(command.text, me.userId),
    attachments: [],
    receivedAt: delivery.now,
    attempt: delivery.attempt,
    address: encodeAddress({
      to: 'asker',
      channel: command.channel_id,
      user: command.user_id,
      responseUrl: command.response_url,
    }),
  };
}

/** A message that someone asks about through the shortcut. Asking twice about one message is one question. */
export function fromShortcut(shortcut: ShortcutPayload, me: Identity, delivery: Delivery): IncomingMessage {
  const { channel, message, user } = shortcut;
  const tenant = tenantOf({ team_id: shortcut.team?.id, enterprise_id: shortcut.enterprise?.id }, me);
  const thread = message.thread_ts ?? message.ts;
  const home = user.team_id ?? tenant;
  return {
    id: `${tenant}:${channel.id}:${message.ts}:shortcut`,
    thread: { platform: 'slack', tenant, key: `${channel.id}:${thread}` },
    author: { id: user.id, tenant: home, kind: home === tenant ? 'human' : 'external' },
    surface: surfaceNamed(channel.id, channel.name),
    addressed: 'command',
    visibility: 'thread',
    text: plainText(message.text ?? '', me.userId),
    attachments: fileNames(message.files),
    receivedAt: delivery.now,
    attempt: delivery.attempt,
    address: encodeAddress({
      to: 'thread',
      channel: channel.id,
      thread,
      ts: message.ts,
      user: user.id,
      team: home,
    }),
  };
}

function addressedBy(
  event: MessageEvent,
  me: Identity,
  followUps: FollowUps,
): IncomingMessage['addressed'] | undefined {
  const text = event.text ?? '';
  if (isDirect(event)) return 'direct';
  if (mentions(text, me.userId)) return 'mention';
  if (event.type === 'app_mention' || event.thread_ts == null) return undefined;
  if (!followUps.has(event.channel, event.thread_ts)) return undefined;
  return opensWithMentionOfAnother(text, me.userId) ? undefined : 'follow-up';
}

function isDirect(event: MessageEvent): boolean {
  return event.channel_type === 'im' || event.channel_type === 'app_home' || event.channel.startsWith('D');
}

/** `app_mention` does not say what kind of conversation it is; a channel is the careful reading. */
function surfaceOf(event: MessageEvent): IncomingMessage['surface'] {
  if (isDirect(event)) return 'direct';
  return event.channel_type === 'mpim' ? 'group' : 'channel';
}

function surfaceNamed(channel: string, name: string): IncomingMessage['surface'] {
  if (channel.startsWith('D') || name === 'directmessage') return 'direct';
  return name.startsWith('mpdm-') ? 'group' : 'channel';
}

/**
 * `guest` is known only where the event brings the author's profile; asking `users.info` for everyone would cost a call
 * for each question and one more scope. Whoever belongs to neither this workspace nor its organisation is `external`.
 */
function authorOf(event: MessageEvent, user: string, tenant: string, envelope: Envelope): Person {
  const home = event.user_team ?? event.source_team ?? event.team ?? tenant;
  const ours = [tenant, envelope.team_id, envelope.enterprise_id, envelope.context_enterprise_id];
  const profile = event.user_profile;
  if (profile?.is_stranger === true || !ours.includes(home))
    return { id: user, tenant: home, kind: 'external' };
  const guest = profile?.is_restricted === true || profile?.is_ultra_restricted === true;
  return { id: user, tenant: home, kind: guest ? 'guest' : 'human' };
}

function tenantOf(from: Partial<Envelope>, me: Identity): string {
  return from.context_team_id ?? from.team_id ?? from.context_enterprise_id ?? from.enterprise_id ?? me.team;
}

function fileNames(files: MessageEvent['files']): string[] {
  return (files ?? []).map((file) => file.name ?? file.title ?? 'a file');
}
