// A message as the store holds it: its keys, and its text form.
import { z } from 'zod';
import { ChipwrightError } from '../errors.js';
import type { NewMessage } from '../storage/message-store.js';
import type { IncomingMessage, Person, PlatformName } from './message.js';

const storedSchema = z.object({
  id: z.string(),
  thread: z.object({
    platform: z.enum(['slack', 'teams', 'playground', 'terminal']),
    tenant: z.string(),
    key: z.string(),
  }),
  author: z.object({ id: z.string(), tenant: z.string(), kind: z.enum(['human', 'guest', 'external']) }),
  surface: z.enum(['direct', 'group', 'channel']),
  addressed: z.enum(['mention', 'direct', 'command', 'follow-up']),
  visibility: z.enum(['thread', 'asker']),
  text: z.string(),
  attachments: z.array(z.string()),
  receivedAt: z.string().transform((text) => new Date(text)),
  attempt: z.number(),
  address: z.string(),
});

export function toStored(message: IncomingMessage): NewMessage {
  return {
    key: messageKey(message),
    platform: message.thread.platform,
    thread: threadKey(message),
    person: personKey(message.thread.platform, message.author),
    workspace: JSON.stringify([message.thread.platform, message.thread.tenant]),
    body: JSON.stringify(message),
    receivedAt: message.receivedAt.getTime(),
  };
}

/** Throws `internal` when `body` was stored by a version that wrote it in another way. */
export function fromStored(body: string): IncomingMessage {
  try {
    return storedSchema.parse(JSON.parse(body));
  } catch {
    throw new ChipwrightError('internal', 'A stored message cannot be read.', {
      cure: 'Ask the question again; it was stored by another version.',
    });
  }
}

/** One string per message, over all platforms and tenants. */
export function messageKey({ thread, id }: Pick<IncomingMessage, 'thread' | 'id'>): string {
  return JSON.stringify([thread.platform, thread.tenant, id]);
}

/** One string per person, over all platforms and tenants. */
export function personKey(platform: PlatformName, { tenant, id }: Pick<Person, 'tenant' | 'id'>): string {
  return JSON.stringify([platform, tenant, id]);
}

/** One string per thread, over all platforms and tenants. */
export function threadKey({ thread }: Pick<IncomingMessage, 'thread'>): string {
  return JSON.stringify([thread.platform, thread.tenant, thread.key]);
}
