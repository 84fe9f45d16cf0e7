// One payload through Bolt, from either receiver: the listeners run first, and only then is Slack told that it arrived.
import type { App } from '@slack/bolt';
import type { Payload } from './request-body.js';

export interface BoltDelivery {
  readonly body: Payload;
  /** Slack's retry counter: absent or 0 for the first delivery. */
  readonly retryNum: number | undefined;
  readonly retryReason: string | undefined;
}

/**
 * Runs the listeners and resolves to what they acknowledged with, if anything. Bolt acknowledges events before their
 * listener runs, and a crash in between would lose the question; so its acknowledgement is only noted here, and the
 * receiver sends it after this resolved. Rejects with what a listener threw, and the receiver then does not acknowledge.
 */
export async function deliver(app: App, { body, retryNum, retryReason }: BoltDelivery): Promise<unknown> {
  let acknowledged: unknown;
  await app.processEvent({
    body: { ...body },
    ...(retryNum === undefined ? {} : { retryNum }),
    ...(retryReason === undefined ? {} : { retryReason }),
    ack: async (response: unknown) => {
      acknowledged ??= response;
    },
  });
  return acknowledged;
}
