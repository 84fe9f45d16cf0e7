// What an engine throws, in the project's words.
import { ChipwrightError } from '../errors.js';

/** Any failure of a store as `storage_unavailable`. The engine's own code is named; neither SQL nor values are. */
export function storageError(thrown: unknown): ChipwrightError {
  if (thrown instanceof ChipwrightError) return thrown;
  const code = engineCode(thrown);
  const reason = REASONS[code] ?? 'it cannot be opened, read or written';
  return new ChipwrightError(
    'storage_unavailable',
    `The store of questions fails: ${reason}${code === '' ? '' : ` (${code})`}.`,
    {
      cure: 'Free space and check the permissions of the data folder; with DATABASE_URL, check that the PostgreSQL server runs and lets Chipwright in.',
      retryable: true,
      cause: thrown,
    },
  );
}

const REASONS: Readonly<Record<string, string>> = {
  SQLITE_FULL: 'the disk is full',
  SQLITE_READONLY: 'the file is read-only',
  SQLITE_CANTOPEN: 'the file cannot be opened',
  SQLITE_NOTADB: 'the file is no database',
  SQLITE_CORRUPT: 'the file is damaged',
  SQLITE_BUSY: 'another process holds the file',
  ECONNREFUSED: 'the server does not answer',
  ENOTFOUND: 'the server is not known',
  '28P01': 'the server refuses the password',
  '28000': 'the server refuses the user',
  '3D000': 'the server has no such database',
  '53100': 'the disk of the server is full',
};

/** `SQLITE_FULL`, a code of PostgreSQL, or one of the network; empty where there is none. */
function engineCode(thrown: unknown): string {
  const inner = thrown instanceof AggregateError ? thrown.errors[0] : thrown;
  return inner instanceof Error && 'code' in inner && typeof inner.code === 'string' ? inner.code : '';
}
