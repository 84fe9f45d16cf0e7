// The record of a reply, kept in memory.
import type { ReplyRecord } from '../../src/conversation/reply.js';

/** The record of a message that is begun for the first time. */
export function newRecord(): ReplyRecord & { saved: string | undefined } {
  return keeping(false, undefined);
}

/** The record of the same message when it is taken up again, by another process. */
export function recordAgain({
  saved,
}: Pick<ReplyRecord, 'saved'>): ReplyRecord & { saved: string | undefined } {
  return keeping(true, saved);
}

function keeping(again: boolean, saved: string | undefined) {
  const record = {
    again,
    saved,
    async save(posted: string) {
      record.saved = posted;
    },
  };
  return record;
}
