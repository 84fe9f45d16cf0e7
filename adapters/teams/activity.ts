// The part of a Bot Framework activity that we read, checked before anything looks at it.
import { z } from 'zod';

const account = z.object({
  id: z.string().min(1),
  aadObjectId: z.string().optional().catch(undefined),
  role: z.string().optional().catch(undefined),
  tenantId: z.string().optional().catch(undefined),
  userRole: z.string().optional().catch(undefined),
});

const entity = z.object({
  type: z.string().catch(''),
  text: z.string().optional().catch(undefined),
  mentioned: z.object({ id: z.string() }).optional().catch(undefined),
});

const attachment = z.object({
  contentType: z.string().catch(''),
  name: z.string().optional().catch(undefined),
});

/**
 * Required is what a reply cannot do without; everything else is dropped when it is not what it should be, because one odd
 * optional field must not cost a person the answer.
 */
export const activitySchema = z.object({
  type: z.string().min(1),
  id: z.string().min(1).optional().catch(undefined),
  channelId: z.string().min(1),
  serviceUrl: z.url({ protocol: /^https?$/ }),
  from: account,
  recipient: account,
  conversation: z.object({
    id: z.string().min(1),
    conversationType: z.string().optional().catch(undefined),
    tenantId: z.string().optional().catch(undefined),
    isGroup: z.boolean().optional().catch(undefined),
  }),
  text: z.string().optional().catch(undefined),
  textFormat: z.string().optional().catch(undefined),
  entities: z.array(entity).optional().catch(undefined),
  attachments: z.array(attachment).optional().catch(undefined),
  membersAdded: z
    .array(z.object({ id: z.string() }))
    .optional()
    .catch(undefined),
  action: z.string().optional().catch(undefined),
  name: z.string().optional().catch(undefined),
  replyToId: z.string().min(1).optional().catch(undefined),
  value: z
    .object({
      actionName: z.string(),
      actionValue: z.object({ reaction: z.string().optional().catch(undefined) }),
    })
    .optional()
    .catch(undefined),
  channelData: z
    .object({
      eventType: z.string().optional().catch(undefined),
      tenant: z.object({ id: z.string() }).optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
});

export type IncomingActivity = z.infer<typeof activitySchema>;

/** The activity in `body`, or undefined when it is not one that Teams would send. */
export function parseActivity(body: Buffer): IncomingActivity | undefined {
  try {
    return activitySchema.safeParse(JSON.parse(body.toString('utf8'))).data;
  } catch {
    return undefined; // not JSON at all
  }
}
