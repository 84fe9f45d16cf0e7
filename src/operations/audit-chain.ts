// The form of the audit log: JSON lines, each with the SHA-256 of the one before and of itself; and how a chain of them is checked.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { AuditEntry } from '../conversation/audit.js';

/** What the very first line says of the one before. */
export const BEGINNING = '0'.repeat(64);

const hash = z.string().regex(/^[0-9a-f]{64}$/);

/** What the chain needs of a line; the entry itself is for people and their tools. */
const linkSchema = z.object({
  previous: hash,
  /** Hashes of what stands between `previous` and this line: lines that a crash cut off. */
  torn: z.array(hash).optional(),
});
type Link = z.infer<typeof linkSchema>;

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A whole line, without its end of line. */
export function toLine(entry: AuditEntry, { previous, torn = [] }: Link): string {
  const body = JSON.stringify({ previous, ...(torn.length === 0 ? {} : { torn }), ...entry }).replace(
    // In ASCII a character is a byte, so that a cut in the middle of one leaves nothing that reads in two ways.
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `${body.slice(0, -1)},"hash":"${sha256(body)}"}`;
}

/** Undefined when it is not one of ours, whole and unchanged. */
export function readLine(line: string): Link | undefined {
  const [, body, own] = /^(\{.*),"hash":"([0-9a-f]{64})"\}$/.exec(line) ?? [];
  if (body === undefined || sha256(`${body}}`) !== own) return undefined;
  try {
    return linkSchema.safeParse(JSON.parse(`${body}}`)).data;
  } catch {
    return undefined;
  }
}

/** Where a chain ends: what the next line must hold. */
export interface Tail {
  readonly previous: string;
  readonly torn: readonly string[];
}

/** `lines`: those of the last file that has any, in order; the last may be cut off. `before`: the end of the file before it. */
export function tailOf(lines: readonly string[], before: Tail): Tail {
  const last = lines.findLastIndex((line) => readLine(line) !== undefined);
  const torn = lines.slice(last + 1).map(sha256);
  const line = lines[last];
  return line === undefined
    ? { previous: before.previous, torn: [...before.torn, ...torn] }
    : { previous: sha256(line), torn };
}

/** A line of a file, counted from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

export interface ChainReport {
  readonly lines: number;
  /** Lines that a crash cut off, each owned up to by the line after it, or at the very end. */
  readonly torn: number;
  /** False when older lines are not here any more. */
  readonly fromTheBeginning: boolean;
  /** SHA-256 of the last line: kept elsewhere, it shows later whether lines were taken off the end. */
  readonly last: string;
  readonly broken?: Place & { readonly why: string };
}

/** Follows a chain line by line, over the ends of files. */
export class ChainCheck {
  #previous: string | undefined;
  #previousAt: Place | undefined;
  #fromTheBeginning = true;
  #lines = 0;
  #torn = 0;
  #pending: (Place & { readonly hash: string; readonly ended: boolean })[] = [];
  #broken: ChainReport['broken'];

  /** `ended`: whether the line has its end of line. Returns false once the chain is broken. */
  add(line: string, at: Place, ended: boolean): boolean {
    const link = readLine(line);
    if (link === undefined) this.#pending.push({ ...at, hash: sha256(line), ended });
    else this.#follow(link, line, at);
    return this.#broken === undefined;
  }

  report(): ChainReport {
    const [first] = this.#pending;
    const isCut = this.#pending.length === 1 && first?.ended === false;
    const broken = this.#broken ?? (first === undefined || isCut ? undefined : changed(first));
    return {
      lines: this.#lines,
      torn: this.#torn + (isCut ? 1 : 0),
      fromTheBeginning: this.#fromTheBeginning,
      last: this.#previous ?? BEGINNING,
      ...(broken === undefined ? {} : { broken }),
    };
  }

  #follow({ previous, torn = [] }: Link, line: string, at: Place): void {
    const [unclaimed] = this.#pending.filter(({ hash }, nth) => torn[nth] !== hash);
    if (unclaimed !== undefined) this.#broken = changed(unclaimed);
    else if (torn.length !== this.#pending.length) {
      this.#broken = { ...at, why: 'a cut-off line that it names before it is gone' };
    } else if (this.#previous === undefined) this.#fromTheBeginning = previous === BEGINNING;
    else if (previous !== this.#previous) {
      this.#broken = {
        ...(this.#previousAt ?? at),
        why: `it, or what came after it, is not what line ${at.line} of ${at.file} says came before`,
      };
    }
    if (this.#broken !== undefined) return;
    this.#lines += 1;
    this.#torn += this.#pending.length;
    this.#pending = [];
    this.#previous = sha256(line);
    this.#previousAt = at;
  }
}

function changed({ file, line }: Place): ChainReport['broken'] {
  return { file, line, why: 'it is not as it was written' };
}
