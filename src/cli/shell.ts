// What a command may touch of the outside: streams, environment, exit code; and how it says that something went wrong.
import type { Readable, Writable } from 'node:stream';
import type { Environment } from '../config.js';
import { ChipwrightError, toChipwrightError } from '../errors.js';

export interface Shell {
  readonly env: Environment;
  readonly folder: string;
  readonly machineName: string;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  /** Aborts at the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
}

export const EXIT = { done: 0, failed: 1, usage: 2, configuration: 78, stopped: 130 } as const;

export function say(shell: Shell, text: string): void {
  shell.stdout.write(`${text}\n`);
}

export function warn(shell: Shell, text: string): void {
  shell.stderr.write(`${text}\n`);
}

/** One line of what is wrong, one of what to do; returns the exit code. */
export function explain(shell: Shell, thrown: unknown): number {
  const error = toChipwrightError(thrown);
  // What nobody foresaw has no words of ours: at the prompt the system's own may help.
  const cause = error.code === 'internal' && error.cause instanceof Error ? ` (${error.cause.message})` : '';
  warn(shell, `chipwright: ${error.message}${cause}\n${error.cure}`);
  if (error.code === 'config_invalid' || error.code === 'index_refused') return EXIT.configuration;
  return error.code === 'usage_invalid' ? EXIT.usage : EXIT.failed;
}

/** Throws `usage_invalid` unless `text` is a whole number from `least` to `most`. */
export function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new ChipwrightError('usage_invalid', `${name} is ${JSON.stringify(text)}.`, {
      cure: `Give a whole number from ${least} to ${most}.`,
    });
  }
  return value;
}

/** Throws `usage_invalid` unless `text` is one of `allowed`. */
export function oneOf<T extends string>(name: string, text: string, allowed: readonly T[]): T {
  const match = allowed.find((candidate) => candidate === text);
  if (match === undefined) {
    throw new ChipwrightError('usage_invalid', `${name} is ${JSON.stringify(text)}.`, {
      cure: `Give one of ${allowed.join(', ')}.`,
    });
  }
  return match;
}
