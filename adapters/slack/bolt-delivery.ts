// One payload through Bolt, from either receiver: the listeners run first, and only then is Slack told that it arrived.
import { type App, ErrorCode } from '@slack/bolt';
import { EVENT_TYPES } from './app-surface.js';
import { interactionSchema, read } from './payloads.js';
import type { Payload } from './request-body.js';

export interface BoltDelivery {
  readonly body: Payload;
  /** Slack's retry counter: absent or 0 for the first delivery. */
  readonly retryNum: number | undefined;
  readonly retryReason: string | undefined;
}

/** The name of an event, else the type of the request; for the log. */
export function nameOf(body: Payload): string {
  const { event } = body;
  const type = typeof event === 'object' && event !== null && 'type' in event ? event.type : body.type;
  return String(type).slice(0, 100);
}

/** False for `app_rate_limited` and for what a later Slack may send: it is acknowledged, so that it is not sent again. */
export function isListenedTo(body: Payload): boolean {
  if (body.type === 'event_callback') return EVENT_TYPES.has(nameOf(body));
  return typeof body.command === 'string' || body.type === 'block_actions' || body.type === 'message_action';
}

/**
 * Runs the listeners and resolves to what they acknowledged with, if anything. Bolt acknowledges events before their
 * listener runs, and a crash in between would lose the question; so its acknowledgement is only noted here, and the
 * receiver sends it after this resolved. Rejects with what a listener threw, and the receiver then does not acknowledge.
 */
export async function deliver(app: App, { body, retryNum, retryReason }: BoltDelivery): Promise<unknown> {
  if (body.type === 'block_actions' || body.type === 'message_action') read(interactionSchema, body);
  let acknowledged: unknown;
  const processed = app.processEvent({
    body: { ...body },
    ...(retryNum === undefined ? {} : { retryNum }),
    ...(retryReason === undefined ? {} : { retryReason }),
    ack: async (response: unknown) => {
      acknowledged ??= response;
    },
  });
  await processed.catch((thrown: unknown) => {
    throw unwrapped(thrown);
  });
  return acknowledged;
}

/** Bolt puts an error without a code into one of its own, which does not name it as its cause. */
function unwrapped(thrown: unknown): unknown {
  if (!(thrown instanceof Error) || !('code' in thrown && 'original' in thrown)) return thrown;
  return thrown.code === ErrorCode.UnknownError ? thrown.original : thrown;
}
