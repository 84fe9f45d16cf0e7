// What a person said, in words that no platform owns.

export type PlatformName = 'slack' | 'teams' | 'playground' | 'terminal';

/** A conversation thread. `key` is made and read by the adapter alone; everyone else only compares it. */
export interface ThreadRef {
  readonly platform: PlatformName;
  /** Slack team or enterprise id, Entra tenant id, or `local`. */
  readonly tenant: string;
  readonly key: string;
}

/** Who asks. `external` are people of another organisation (Slack Connect, federated chat). */
export interface Person {
  readonly id: string;
  readonly tenant: string;
  readonly kind: 'human' | 'guest' | 'external';
}

/** One message addressed to the bot. Immutable plain data, so that it can be stored and read back. */
export interface IncomingMessage {
  /** Stable per message, not per delivery: the key that makes twins and retries one question. */
  readonly id: string;
  readonly thread: ThreadRef;
  readonly author: Person;
  /** Where it was said: one to one, a group chat, or a channel others read. */
  readonly surface: 'direct' | 'group' | 'channel';
  readonly addressed: 'mention' | 'direct' | 'command' | 'follow-up';
  /** Who will see the answer: everyone in the thread, or the asker alone (a slash command). */
  readonly visibility: 'thread' | 'asker';
  /** Plain text, the bot's mention removed, entities unescaped, NFC. May be empty. */
  readonly text: string;
  /** Names of files that came along. They are not read; the answer says so. */
  readonly attachments: readonly string[];
  readonly receivedAt: Date;
  /** 1 for the first delivery; more for a platform's retries. */
  readonly attempt: number;
  /** Everything the adapter needs to reply, encoded by it and read by it alone. */
  readonly address: string;
}

/** One earlier exchange of a thread, oldest first where there are several. */
export interface Turn {
  readonly question: string;
  readonly answer: string;
}
