// Where a reply goes: the stored form of a conversation reference.
import type { ConversationReference } from 'botbuilder';
import { z } from 'zod';
import { ChipwrightError } from '../../src/errors.js';
import type { IncomingActivity } from './activity.js';

const addressSchema = z.object({
  serviceUrl: z.string(),
  channelId: z.string(),
  conversation: z.object({ id: z.string(), type: z.string(), tenantId: z.string().optional() }),
  bot: z.string(),
  user: z.string(),
  /** The message answered; absent where nobody said anything (an installation). */
  activityId: z.string().optional(),
});

/** Plain data, no names: what botbuilder needs to send into a conversation, also after a restart. */
export type Address = z.infer<typeof addressSchema>;

/**
 * The address of the thread an activity belongs to. Made from verified activities only: the bot's token is sent to the
 * service URL in it.
 */
export function addressOf(activity: IncomingActivity): Address {
  const { conversation, id } = activity;
  return {
    serviceUrl: activity.serviceUrl,
    channelId: activity.channelId,
    conversation: {
      id: threadConversationId(activity),
      type: conversationType(activity),
      ...(conversation.tenantId === undefined ? {} : { tenantId: conversation.tenantId }),
    },
    bot: activity.recipient.id,
    user: activity.from.id,
    ...(id === undefined || activity.type !== 'message' ? {} : { activityId: id }),
  };
}

/** Personal chats come as `personal`, group chats as `groupChat`, channels as `channel`; older clients leave it out. */
export function conversationType(activity: IncomingActivity): 'personal' | 'groupChat' | 'channel' {
  const { conversationType: type, isGroup, id } = activity.conversation;
  if (type === 'personal' || type === 'groupChat' || type === 'channel') return type;
  if (id.includes('@thread.tacv2') || id.includes(';messageid=')) return 'channel';
  return isGroup === true ? 'groupChat' : 'personal';
}

/** A channel thread is `<channel>;messageid=<root>`; the root of a message that starts one is that message itself. */
function threadConversationId(activity: IncomingActivity): string {
  const { id } = activity.conversation;
  if (conversationType(activity) !== 'channel' || id.includes(';messageid=')) return id;
  return activity.type === 'message' && activity.id !== undefined ? `${id};messageid=${activity.id}` : id;
}

/**
 * What a rating of the message `activityId` calls it by. Teams sends no more back than that id, and for a channel the
 * conversation without its thread.
 */
export function ratedAs(conversationId: string, activityId: string): string {
  return `${conversationId.replace(/;messageid=.*$/s, '')}|${activityId}`;
}

export function encodeAddress(address: Address): string {
  return JSON.stringify(address);
}

/** Throws `payload_invalid` when `stored` was not made by `encodeAddress`. */
export function decodeAddress(stored: string): Address {
  try {
    return addressSchema.parse(JSON.parse(stored));
  } catch (cause) {
    throw new ChipwrightError('payload_invalid', 'The stored Teams address of a message cannot be read.', {
      cure: 'Ask again in Teams; the message was stored by another version or damaged.',
      cause,
    });
  }
}

/** The address in botbuilder's words. */
export function conversationReference(address: Address): Partial<ConversationReference> {
  const { conversation } = address;
  return {
    serviceUrl: address.serviceUrl,
    channelId: address.channelId,
    conversation: {
      id: conversation.id,
      name: '',
      isGroup: conversation.type !== 'personal',
      conversationType: conversation.type,
      ...(conversation.tenantId === undefined ? {} : { tenantId: conversation.tenantId }),
    },
    bot: { id: address.bot, name: '' },
    user: { id: address.user, name: '' },
    ...(address.activityId === undefined ? {} : { activityId: address.activityId }),
  };
}
