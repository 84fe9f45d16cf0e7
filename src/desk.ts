// Platforms that share an inbox, with the store behind it: where a message is taken in, answered, or refused.
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { History } from './conversation/history.js';
import { DurableInbox, type InboxLimits } from './conversation/inbox.js';
import type { IncomingMessage } from './conversation/message.js';
import type { Platform, Ratings } from './conversation/platform.js';
import { QueueWatch } from './conversation/queue-watch.js';
import { KeptRatings } from './conversation/ratings.js';
import type { ReplyRecord } from './conversation/reply.js';
import { WatchedInbox } from './conversation/watched-inbox.js';
import { limitedNotice } from './orchestrator/notices.js';
import { observed } from './orchestrator/observed.js';
import type { Orchestrator } from './orchestrator/orchestrator.js';
import { respond } from './orchestrator/respond.js';
import type { Store } from './storage/store.js';
import type { Tools } from './tools.js';

export interface Desk {
  readonly inbox: DurableInbox;
  /** The same inbox, counted and traced: the one that platforms are given. */
  readonly watched: WatchedInbox;
  readonly ratings: Ratings;
  readonly queue: QueueWatch;
  readonly store: Store;
  readonly served: readonly Platform[];
}

export interface DeskParts {
  readonly store: Store;
  readonly served: readonly Platform[];
  readonly orchestrator: Orchestrator;
  readonly limits: InboxLimits;
  readonly tools: Tools;
  /** For tests; without it the real one. Resolves after `ms`, or as soon as `signal` aborts. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Of a message that is not held: nothing that is posted has to be found again. */
const NO_RECORD: ReplyRecord = { again: false, saved: undefined, save: async () => {} };

export function openDesk({ store, served, orchestrator, limits, tools, pause = forReal }: DeskParts): Desk {
  const { now, newId, log } = tools;
  const byName = new Map(served.map((platform) => [platform.name, platform]));
  const platforms = [...byName.keys()];
  const history = new History(store, now, log);
  const ratings = new KeptRatings(store, tools);
  const replyTo = (message: IncomingMessage, record: ReplyRecord) => {
    const platform = byName.get(message.thread.platform);
    if (platform === undefined) throw new Error('a message of a platform that is not served');
    return platform.replyTo(message, record);
  };
  const inbox = new DurableInbox({
    store,
    owner: randomUUID(),
    platforms,
    limits,
    now,
    pause,
    log,
    async answer({ message, record, ...taken }, signal) {
      const reply = replyTo(message, record);
      const acceptedIn = watched.begun(message);
      const { kind } = await observed({ ...tools, message, reply, signal, acceptedIn }, (counted) =>
        respond({
          orchestrator,
          history,
          answers: ratings,
          message,
          ...taken,
          reply: counted,
          signal,
          log,
          newId,
        }),
      );
      return kind === 'answer' ? 'answered' : 'noticed';
    },
    refuse(message, limit) {
      const reference = newId();
      log.warn({ message: message.id, reference, limit }, 'a message beyond a limit was not taken');
      replyTo(message, NO_RECORD)
        .fail(limitedNotice(limit, limits[limit] ?? 0, reference))
        .catch((error: unknown) => log.warn({ err: error, reference }, 'its asker could not be told'));
    },
  });
  const watched = new WatchedInbox({ ...tools, inbox });
  const queue = new QueueWatch({
    ...{ store, platforms, metrics: tools.metrics, now, pause, log },
    tell: (message, place) => replyTo(message, NO_RECORD).status(place),
  });
  return { inbox, watched, ratings, queue, store, served };
}

async function forReal(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => {});
}
