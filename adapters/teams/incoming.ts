// What an activity is to us: a question, a call for help, a reason to say hello, or nothing.
import type { IncomingMessage, Person } from '../../src/conversation/message.js';
import type { Rating } from '../../src/conversation/platform.js';
import type { IncomingActivity } from './activity.js';
import { addressOf, conversationType, encodeAddress, ratedAs } from './address.js';
import { mentionsBot, withoutBotMention } from './mention.js';
import { htmlToText } from './plain-text.js';

export type Meaning =
  | { readonly kind: 'question'; readonly message: IncomingMessage }
  | { readonly kind: 'rating'; readonly rating: Rating }
  | { readonly kind: 'help' }
  | { readonly kind: 'installed' }
  | { readonly kind: 'removed' }
  | { readonly kind: 'nothing' };

const NOTHING: Meaning = { kind: 'nothing' };

/** `homeTenant` is the bot's own tenant; undefined for a bot of many tenants, where the conversation's counts. */
export function readActivity(
  activity: IncomingActivity,
  receivedAt: Date,
  homeTenant: string | undefined,
): Meaning {
  switch (activity.type) {
    case 'message':
      return readMessage(activity, receivedAt, homeTenant);
    case 'installationUpdate':
      if (activity.action?.startsWith('add')) return { kind: 'installed' };
      return activity.action?.startsWith('remove') ? { kind: 'removed' } : NOTHING;
    case 'conversationUpdate': {
      const added = (activity.membersAdded ?? []).some(({ id }) => id === activity.recipient.id);
      return added ? { kind: 'installed' } : NOTHING;
    }
    case 'invoke':
      return readRating(activity, homeTenant);
    default:
      return NOTHING; // edits, reactions, typing, other invokes: understood, and not a question
  }
}

function readMessage(activity: IncomingActivity, receivedAt: Date, homeTenant: string | undefined): Meaning {
  if (activity.id === undefined || isFromBot(activity) || activity.channelData?.eventType === 'editMessage') {
    return NOTHING;
  }
  const type = conversationType(activity);
  if (type !== 'personal' && !mentionsBot(activity)) return NOTHING;
  const said = plainText(activity);
  const attachments = attachmentNames(activity);
  // A pressed card button is a message without text; there is no card of ours.
  if (activity.text === undefined && attachments.length === 0) return NOTHING;
  if (/^(?:\/?help|ask)[.!?]?$/i.test(said)) return { kind: 'help' };
  const text = said.replace(/^ask\s+/i, '');
  const address = addressOf(activity);
  return {
    kind: 'question',
    message: {
      id: `${address.conversation.id}|${activity.id}`,
      thread: { platform: 'teams', tenant: tenantOf(activity), key: address.conversation.id },
      author: personOf(activity, homeTenant),
      surface: type === 'personal' ? 'direct' : type === 'groupChat' ? 'group' : 'channel',
      addressed: text !== said ? 'command' : type === 'personal' ? 'direct' : 'mention',
      visibility: 'thread',
      text,
      attachments,
      receivedAt,
      attempt: 1, // Teams does not number its deliveries
      address: encodeAddress(address),
    },
  };
}

/** A thumb of Teams' own, under one of our messages. */
function readRating(activity: IncomingActivity, homeTenant: string | undefined): Meaning {
  const { name, value, replyToId, conversation } = activity;
  if (name !== 'message/submitAction' || value?.actionName !== 'feedback' || replyToId === undefined)
    return NOTHING;
  const verdict = VERDICTS[value.actionValue.reaction ?? ''];
  if (verdict === undefined) return NOTHING;
  const { id, tenant } = personOf(activity, homeTenant);
  const of = ratedAs(conversation.id, replyToId);
  return { kind: 'rating', rating: { platform: 'teams', of, by: { id, tenant }, verdict } };
}

const VERDICTS: Readonly<Record<string, Rating['verdict']>> = { like: 'helpful', dislike: 'unhelpful' };

/** Ids of bots begin with `28:`, whichever bot it is. */
function isFromBot({ from, recipient }: IncomingActivity): boolean {
  return (
    from.id === recipient.id || from.role === 'bot' || from.role === 'skill' || from.id.startsWith('28:')
  );
}

function plainText(activity: IncomingActivity): string {
  const text = withoutBotMention(activity);
  const isHtml = activity.textFormat === 'xml' || activity.textFormat === 'html';
  // Also in plain messages Teams writes the space after a mention as an entity.
  const plain = isHtml ? htmlToText(text) : text.replaceAll('&nbsp;', ' ');
  return plain.replaceAll('\u00a0', ' ').normalize('NFC').trim();
}

/** Teams sends the message itself once more as `text/html`, and quotes and cards as attachments: these are no files. */
function attachmentNames(activity: IncomingActivity): string[] {
  return (activity.attachments ?? [])
    .filter(
      ({ contentType }) =>
        !/^(text\/html|messagereference$|application\/vnd\.microsoft\.card\.)/i.test(contentType),
    )
    .map(({ name, contentType }) => name?.trim() || contentType.split('/')[0] || 'file');
}

function tenantOf({ conversation, channelData }: IncomingActivity): string {
  return conversation.tenantId ?? channelData?.tenant?.id ?? 'local';
}

function personOf(activity: IncomingActivity, homeTenant: string | undefined): Person {
  const { from } = activity;
  const tenant = from.tenantId ?? channelTenant(activity);
  const home = homeTenant ?? tenantOf(activity);
  const guest = from.userRole === 'guest' || from.userRole === 'anonymous';
  return {
    id: from.aadObjectId ?? from.id,
    tenant,
    kind: tenant !== home ? 'external' : guest ? 'guest' : 'human',
  };
}

/** In a chat across tenants `channelData.tenant` is the sender's, `conversation.tenantId` the one that owns the chat. */
function channelTenant(activity: IncomingActivity): string {
  return activity.channelData?.tenant?.id ?? tenantOf(activity);
}
