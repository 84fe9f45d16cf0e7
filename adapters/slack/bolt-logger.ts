// Bolt's and the Web client's log lines, in ours. Their debug lines hold message text and are dropped.
import { type Logger as BoltLogger, LogLevel } from '@slack/bolt';
import type { Logger } from 'pino';

/** A logger for the Slack SDKs that says only what an operator may read: the first words of warnings and errors. */
export function boltLogger(log: Logger): BoltLogger {
  return {
    debug: () => {},
    info: (...words) => log.debug(sentence(words)),
    warn: (...words) => log.warn(sentence(words)),
    error: (...words) => log.error(sentence(words)),
    setLevel: () => {},
    getLevel: () => LogLevel.INFO,
    setName: () => {},
  };
}

/** Objects beside the words may carry whole payloads, so only text and the messages of errors are kept. */
function sentence(words: readonly unknown[]): string {
  return words
    .map((word) => (word instanceof Error ? word.message : typeof word === 'string' ? word : ''))
    .filter((word) => word !== '')
    .join(' ')
    .slice(0, 500);
}
