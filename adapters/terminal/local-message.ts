// A question of the person at this machine, as a message.
import type { IncomingMessage } from '../../src/conversation/message.js';

/** `at` in ms since the epoch. All of them are one thread, so that a conversation has its follow-ups. */
export function localMessage(id: string, text: string, at: number): IncomingMessage {
  return {
    id,
    thread: { platform: 'terminal', tenant: 'local', key: 'terminal' },
    author: { id: 'local', tenant: 'local', kind: 'human' },
    surface: 'direct',
    addressed: 'direct',
    visibility: 'thread',
    text: text.normalize('NFC'),
    attachments: [],
    receivedAt: new Date(at),
    attempt: 1,
    address: id,
  };
}
