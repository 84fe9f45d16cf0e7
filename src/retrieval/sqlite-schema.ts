// The layout of the embedded index's file, and what a file was made with.
import type Database from 'better-sqlite3';
import { ChipwrightError } from '../errors.js';
import { encoderName } from './encoder/model-manifest.js';
import { LEXICAL_VERSION } from './lexical.js';

/** Layout of the file; a file of another layout is refused, not guessed at. */
const SCHEMA_VERSION = 2;

const NO_ENCODER = 'none';

/** The part of an Encoder that an index file remembers. */
export interface EncoderIdentity {
  readonly id: string;
  readonly name: string;
  readonly dimensions: number;
}

/** Id of the encoder a file was made with: null for words only, undefined for a file that has no documents yet. */
export function storedEncoder(db: Database.Database): string | null | undefined {
  const hasTables = db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'identity'").get() !== undefined;
  if (!hasTables) return undefined;
  const stored = db
    .prepare<[], { value: string }>("SELECT value FROM identity WHERE key = 'encoder'")
    .get()?.value;
  const isEmpty = db.prepare('SELECT 1 FROM documents LIMIT 1').get() === undefined;
  if (stored === undefined || isEmpty) return undefined;
  return stored === NO_ENCODER ? null : stored;
}

/** The encoder a file was made with, as `openSqliteIndex` wants it; null for words only, and for a file that has no documents yet. */
export function storedIdentity(db: Database.Database): EncoderIdentity | null {
  const id = storedEncoder(db);
  if (id === undefined || id === null) return null;
  const isThere = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'chunk_vectors'").get() !== undefined;
  const bytes = isThere
    ? db.prepare<[], number>('SELECT length(vector) FROM chunk_vectors LIMIT 1').pluck().get()
    : undefined;
  return { id, name: encoderName(id), dimensions: (bytes ?? 0) / 4 };
}

/** Makes the tables that are not there yet. */
export function createSchema(db: Database.Database): void {
  db.exec(`
      CREATE TABLE IF NOT EXISTS identity (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
      CREATE TABLE IF NOT EXISTS audiences (id INTEGER PRIMARY KEY AUTOINCREMENT, tags TEXT NOT NULL UNIQUE) STRICT;
      CREATE TABLE IF NOT EXISTS documents (
        id TEXT PRIMARY KEY, source TEXT NOT NULL, path TEXT NOT NULL, title TEXT NOT NULL,
        content_hash TEXT NOT NULL, audience INTEGER NOT NULL, version TEXT NOT NULL
      ) STRICT;
      CREATE INDEX IF NOT EXISTS documents_by_source ON documents (source);
      CREATE TABLE IF NOT EXISTS chunks (
        row INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, document TEXT NOT NULL, ordinal INTEGER NOT NULL,
        path TEXT NOT NULL, text TEXT NOT NULL, place TEXT NOT NULL, href TEXT, audience INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX IF NOT EXISTS chunks_by_place ON chunks (document, ordinal);
      CREATE TABLE IF NOT EXISTS chunk_vectors (row INTEGER PRIMARY KEY, vector BLOB NOT NULL) STRICT;
      CREATE TABLE IF NOT EXISTS moments (id INTEGER PRIMARY KEY CHECK (id = 1), count INTEGER NOT NULL, sums BLOB NOT NULL) STRICT;
    `);
  forgetEmpty(db);
}

/** A file without documents belongs to no encoder: the first one that comes may have it. */
function forgetEmpty(db: Database.Database): void {
  if (db.prepare('SELECT 1 FROM documents LIMIT 1').get() !== undefined) return;
  db.exec('DELETE FROM chunk_vectors; DELETE FROM moments; DELETE FROM identity;');
}

/**
 * Remembers what a new file is made with and refuses one made with something else: vectors of two encoders, or weights of two
 * tokenizers, never mix. Without an encoder any file can be searched by its words; the result tells whether it may be written.
 */
export function checkIdentity(
  db: Database.Database,
  file: string,
  encoder: EncoderIdentity | null,
): { readonly refusesDocuments: ChipwrightError | null } {
  const wanted = {
    schema: String(SCHEMA_VERSION),
    lexical: String(LEXICAL_VERSION),
    encoder: encoder?.id ?? NO_ENCODER,
  };
  const read = db.prepare<[string], { value: string }>('SELECT value FROM identity WHERE key = ?');
  let refusesDocuments: ChipwrightError | null = null;
  for (const [part, value] of Object.entries(wanted)) {
    const stored = read.get(part)?.value;
    if (stored === undefined) {
      db.prepare('INSERT INTO identity (key, value) VALUES (?, ?)').run(part, value);
    } else if (part === 'encoder' && stored === NO_ENCODER && value !== NO_ENCODER) {
      adopt(db, value);
    } else if (stored !== value) {
      const refusal = mismatch(file, part, stored, value);
      if (part !== 'encoder' || value !== NO_ENCODER) throw refusal;
      refusesDocuments = refusal;
    }
  }
  return { refusesDocuments };
}

/**
 * A file of words alone takes the first encoder that comes. Its documents stay found by their words, and count as changed, so that the
 * next sync gives them vectors.
 */
function adopt(db: Database.Database, encoder: string): void {
  db.prepare("UPDATE identity SET value = ? WHERE key = 'encoder'").run(encoder);
  db.exec("UPDATE documents SET content_hash = ''");
}

function mismatch(file: string, part: string, stored: string, wanted: string): ChipwrightError {
  return new ChipwrightError(
    'index_mismatch',
    `The index file ${file} was built with ${part} ${stored}, but ${part} ${wanted} is in use.`,
    { cure: 'Build it anew with `chipwright ingest --rebuild DIR`, or go back to the earlier model.' },
  );
}
