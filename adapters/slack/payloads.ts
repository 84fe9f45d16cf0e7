// The shapes of what Slack sends, as far as they are read. Everything else in a payload is left alone.
import { z } from 'zod';
import { ChipwrightError } from '../../src/errors.js';

const id = z.string().min(1).max(64);
const ts = z.string().regex(/^\d{1,12}\.\d{1,9}$/);
const optionalId = id.nullish();
const files = z.array(z.object({ name: z.string().nullish(), title: z.string().nullish() })).nullish();

/** The envelope of an event. On Enterprise Grid `team_id` may be null. */
export const envelopeSchema = z.object({
  team_id: optionalId,
  context_team_id: optionalId,
  enterprise_id: optionalId,
  context_enterprise_id: optionalId,
});
export type Envelope = z.infer<typeof envelopeSchema>;

/**
 * A `message` or `app_mention` event. `app_mention` carries no `files` and no `channel_type`; its `message` twin does.
 * `edited`, `hidden` and `subtype` decide whether it is a new message at all.
 */
export const messageSchema = z.object({
  type: z.enum(['message', 'app_mention']),
  subtype: z.string().nullish(),
  hidden: z.boolean().nullish(),
  edited: z.unknown().optional(),
  channel: id,
  channel_type: z.string().nullish(),
  user: optionalId,
  bot_id: optionalId,
  bot_profile: z.unknown().optional(),
  text: z.string().nullish(),
  ts,
  thread_ts: ts.nullish(),
  team: optionalId,
  user_team: optionalId,
  source_team: optionalId,
  user_profile: z
    .object({
      is_stranger: z.boolean().nullish(),
      is_restricted: z.boolean().nullish(),
      is_ultra_restricted: z.boolean().nullish(),
    })
    .nullish(),
  files,
});
export type MessageEvent = z.infer<typeof messageSchema>;

export const homeOpenedSchema = z.object({ tab: z.string().nullish(), channel: id.nullish() });

export const commandSchema = z.object({
  command: z.string(),
  text: z.string().default(''),
  team_id: optionalId,
  enterprise_id: optionalId,
  channel_id: id,
  channel_name: z.string().default(''),
  user_id: id,
  response_url: z.url(),
  trigger_id: z.string().min(1),
});
export type CommandPayload = z.infer<typeof commandSchema>;

/** What Bolt reads of every interaction before a listener runs. */
export const interactionSchema = z.object({ team: z.object({ id }).nullish(), user: z.object({ id }) });

const where = {
  team: z.object({ id }).nullish(),
  enterprise: z.object({ id }).nullish(),
  channel: z.object({ id, name: z.string().default('') }),
  user: z.object({ id, team_id: optionalId }),
  response_url: z.url(),
};

export const shortcutSchema = z.object({
  ...where,
  message: z.object({ ts, thread_ts: ts.nullish(), text: z.string().nullish(), files }),
});
export type ShortcutPayload = z.infer<typeof shortcutSchema>;

const pressed = { actions: z.array(z.object({ value: z.string().max(2_000) })).min(1) };

export const shareSchema = z.object({
  ...where,
  ...pressed,
});

export const ratingSchema = z.object({
  team: where.team,
  user: where.user,
  response_url: where.response_url,
  ...pressed,
});
export type RatingPayload = z.infer<typeof ratingSchema>;

/** Reads a payload, or throws `payload_invalid` naming the first field that is wrong, never its value. */
export function read<T>(schema: z.ZodType<T>, payload: unknown): T {
  const result = schema.safeParse(payload);
  if (result.success) return result.data;
  const field = result.error.issues[0]?.path.join('.') || 'payload';
  throw new ChipwrightError(
    'payload_invalid',
    `The field ${field} of the Slack request is missing or wrong.`,
    {
      cure: 'Nothing can be done for this request; if Slack itself sent it, report it with the time.',
    },
  );
}
