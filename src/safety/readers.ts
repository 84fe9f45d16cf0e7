// Who is in which group, and from that: what may be read for an answer. Fails closed.
import type { Logger } from 'pino';
import { type AudienceFilter, type AudienceTag, audience } from './access.js';

/** The person as a directory knows them. */
export interface DirectoryPerson {
  readonly id: string;
  readonly tenant: string;
  readonly kind: 'human' | 'guest' | 'external';
}

export interface Directory {
  /** The audiences this person belongs to, `public` apart. Rejects when the directory does not answer. */
  groupsOf(person: DirectoryPerson, signal: AbortSignal): Promise<readonly AudienceTag[]>;
}

/** For teams without groups: everyone reads what is public. */
export const noDirectory: Directory = { groupsOf: async () => [] };

/** Milliseconds a directory has; a question does not wait longer for the right to read more. */
const PATIENCE_MS = 1_000;

/**
 * What may be read for an answer. Others will see an answer given in a group or a channel, so it rests on public
 * documents alone, whoever asks; so do answers to guests and people of other organisations. Only an answer that the
 * asker alone will see uses the asker's groups, and only when the directory names them in time.
 */
export async function readersOf(
  asked: {
    readonly person: DirectoryPerson;
    readonly surface: 'direct' | 'group' | 'channel';
    readonly visibility: 'thread' | 'asker';
  },
  tools: { readonly directory: Directory; readonly log: Logger; readonly patienceMs?: number },
  signal: AbortSignal,
): Promise<AudienceFilter> {
  const alone = asked.surface === 'direct' || asked.visibility === 'asker';
  if (!alone || asked.person.kind !== 'human') return audience();
  const limit = AbortSignal.any([signal, AbortSignal.timeout(tools.patienceMs ?? PATIENCE_MS)]);
  try {
    return audience([...(await unlessAborted(tools.directory.groupsOf(asked.person, limit), limit))]);
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.name : 'unknown';
    tools.log.warn({ reason }, 'directory did not answer: public documents only');
    return audience();
  }
}

/** A directory that ignores its signal is left behind. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
