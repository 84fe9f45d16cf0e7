// Where an answer goes, as text that is stored with the message and read back after a restart.
import { z } from 'zod';
import { ChipwrightError } from '../../src/errors.js';

/** A thread everyone in the conversation reads. */
const threadSchema = z.object({
  to: z.literal('thread'),
  channel: z.string(),
  /** The thread's root: `thread_ts ?? ts`. */
  thread: z.string(),
  /** The message asked with; carries the reaction and makes the answer's lookup key. */
  ts: z.string(),
  user: z.string(),
  /** The asker's own team: native streaming wants it outside direct messages. */
  team: z.string(),
});

/** The asker alone, through the `response_url` of a command: five uses in 30 minutes. */
const askerSchema = z.object({
  to: z.literal('asker'),
  channel: z.string(),
  user: z.string(),
  responseUrl: z.string(),
});

const addressSchema = z.discriminatedUnion('to', [threadSchema, askerSchema]);

export type ThreadAddress = z.infer<typeof threadSchema>;
export type AskerAddress = z.infer<typeof askerSchema>;
export type SlackAddress = z.infer<typeof addressSchema>;

export function encodeAddress(address: SlackAddress): string {
  return JSON.stringify(address);
}

/** Throws `internal` when the text was not made by `encodeAddress`: a stored message of another version or platform. */
export function decodeAddress(text: string): SlackAddress {
  try {
    return addressSchema.parse(JSON.parse(text));
  } catch {
    throw new ChipwrightError('internal', 'The stored address of a Slack message cannot be read.', {
      cure: 'Ask the question again; the message was stored by another version.',
    });
  }
}
