// The audit log in its folder: lines are appended and forced to the disk, a new file each day or when one grows large.
import { type FileHandle, mkdir, open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { AuditEntry, AuditTrail } from '../conversation/audit.js';
import type { Metrics } from '../conversation/metrics.js';
import { BEGINNING, ChainCheck, type ChainReport, type Tail, tailOf, toLine } from './audit-chain.js';

/** Bytes; a line has some 2,000. */
const LARGEST_FILE = 10_000_000;

/** `2026-01-31-0001.jsonl`: in the order of their names the files are one chain. */
const FILE = /^(\d{4}-\d{2}-\d{2})-(\d{4,})\.jsonl$/;

/** For its owner alone, like all of the data folder. */
const OWN_EYES = { folder: 0o700, file: 0o600 };

export interface AuditLogParts {
  /** Made when it is first needed. */
  readonly folder: string;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, 'auditFailed'>;
  /** Bytes after which a new file is begun. */
  readonly largestFile?: number;
}

interface End extends Tail {
  readonly name: string;
  readonly size: number;
}

/** Answers go on when it cannot be written: the failure is logged and counted, and the next line tries again. */
export class AuditLog implements AuditTrail {
  readonly #parts: AuditLogParts;
  /** As this process left it. */
  #end: End | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(parts: AuditLogParts) {
    this.#parts = parts;
  }

  record(entry: AuditEntry): void {
    const { log, metrics } = this.#parts;
    this.#writing = this.#writing
      .then(() => this.#append(entry))
      .catch((error: unknown) => {
        // What was half written is read anew, and owned up to as a torn line.
        this.#end = undefined;
        metrics.auditFailed();
        log.error({ err: error, message: entry.message }, 'a line of the audit log could not be written');
      });
  }

  /** Resolves when everything recorded is written. */
  async close(): Promise<void> {
    await this.#writing;
  }

  async #append(entry: AuditEntry): Promise<void> {
    const { folder, largestFile = LARGEST_FILE } = this.#parts;
    await mkdir(folder, { recursive: true, mode: OWN_EYES.folder });
    const end = await this.#currentEnd();
    const name = nextName(end, entry.at.slice(0, 10), largestFile);
    const handle = await open(join(folder, name), 'a', OWN_EYES.file);
    try {
      const isSame = name === end.name;
      const line = toLine(entry, { previous: end.previous, torn: [...end.torn] });
      // In the same file a cut-off line is ended first; whether it already was, its bytes tell.
      const gap = isSame && (await lacksEnd(join(folder, name), end.size)) ? '\n' : '';
      await handle.appendFile(`${gap}${line}\n`);
      await handle.datasync();
      this.#end = { name, size: await sizeOf(handle), ...tailOf([line], end) };
    } finally {
      await handle.close();
    }
  }

  /** As this process left it, or as another one, or a crash, did. */
  async #currentEnd(): Promise<End> {
    const { folder } = this.#parts;
    const known = this.#end;
    const last = (await fileNames(folder)).at(-1);
    if (known !== undefined && known.name === last) {
      const { size } = await stat(join(folder, known.name));
      if (size === known.size) return known;
    }
    return readEnd(folder);
  }
}

/** Checks the whole chain in `folder`; undefined when nothing was ever recorded. Stops at the first broken line. */
export async function verifyAudit(folder: string): Promise<(ChainReport & { files: number }) | undefined> {
  const names = await fileNames(folder);
  if (names.length === 0) return undefined;
  const check = new ChainCheck();
  for (const file of names) {
    const lines = (await readFile(join(folder, file), 'latin1')).split('\n');
    const rest = lines.pop() ?? '';
    const isWhole = lines.every((line, at) => check.add(line, { file, line: at + 1 }, true));
    if (!isWhole || (rest !== '' && !check.add(rest, { file, line: lines.length + 1 }, false))) break;
  }
  return { ...check.report(), files: names.length };
}

async function fileNames(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names.filter((name) => FILE.test(name)).sort();
}

async function readEnd(folder: string): Promise<End> {
  const names = await fileNames(folder);
  let tail: Tail = { previous: BEGINNING, torn: [] };
  // Files that hold no whole line are rare: one is left when a crash cuts off its first.
  const from = Math.max(0, (await lastWithWholeLine(folder, names)) ?? 0);
  let size = 0;
  for (const name of names.slice(from)) {
    const text = await readFile(join(folder, name), 'latin1');
    tail = tailOf(linesOf(text), tail);
    size = text.length;
  }
  return { name: names.at(-1) ?? '', size, ...tail };
}

async function lastWithWholeLine(folder: string, names: readonly string[]): Promise<number | undefined> {
  for (let at = names.length - 1; at >= 0; at--) {
    const lines = linesOf(await readFile(join(folder, names[at] ?? ''), 'latin1'));
    if (tailOf(lines, { previous: '', torn: [] }).previous !== '') return at;
  }
  return undefined;
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line, at, all) => line !== '' || at < all.length - 1);
}

/** A clock that was set back does not break the order: the newest file goes on. */
function nextName({ name, size }: End, day: string, largestFile: number): string {
  const [, lastDay = '', number = '0'] = FILE.exec(name) ?? [];
  if (lastDay === '' || day > lastDay) return `${day}-0001.jsonl`;
  return size < largestFile ? name : `${lastDay}-${String(Number(number) + 1).padStart(4, '0')}.jsonl`;
}

async function lacksEnd(file: string, size: number): Promise<boolean> {
  if (size === 0) return false;
  const handle = await open(file, 'r');
  try {
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
    return buffer[0] !== '\n'.charCodeAt(0);
  } finally {
    await handle.close();
  }
}

async function sizeOf(handle: FileHandle): Promise<number> {
  return (await handle.stat()).size;
}
