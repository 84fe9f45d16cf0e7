// An encoder that keeps every vector in a file, so that a text is encoded once however often the measurement runs.
import { createHash } from 'node:crypto';
import Database from 'better-sqlite3';
import type { Encoder } from '../../../src/retrieval/encoder/encoder.js';

/** Texts encoded between two writes: the most an interrupted run loses. */
const BATCH = 256;

/** `encoder` is asked only for what the database at `file` does not hold yet; closing closes both. */
export function rememberingEncoder(
  encoder: Encoder,
  file: string,
  onProgress: (done: number) => void,
): Encoder {
  const db = new Database(file);
  db.exec('CREATE TABLE IF NOT EXISTS vectors (key TEXT PRIMARY KEY, vector BLOB NOT NULL) STRICT');
  const read = db.prepare<[string], { vector: Buffer }>('SELECT vector FROM vectors WHERE key = ?');
  const write = db.prepare('INSERT OR REPLACE INTO vectors VALUES (?, ?)');
  const { id, name, dimensions } = encoder;
  const keyOf = (text: string, kind: string) =>
    createHash('sha256').update(`${id}\0${kind}\0${text}`).digest('hex');

  return {
    id,
    name,
    dimensions,
    async encode(texts, kind) {
      const missing = [...new Set(texts)].filter((text) => read.get(keyOf(text, kind)) === undefined);
      for (let at = 0; at < missing.length; at += BATCH) {
        const batch = missing.slice(at, at + BATCH);
        const vectors = await encoder.encode(batch, kind);
        db.transaction(() => {
          for (const [number, vector] of vectors.entries())
            write.run(
              keyOf(batch[number] ?? '', kind),
              Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength),
            );
        })();
        onProgress(missing.length - at - batch.length);
      }
      return texts.map((text) => {
        const bytes = read.get(keyOf(text, kind))?.vector ?? Buffer.alloc(4 * dimensions);
        return new Float32Array(Uint8Array.from(bytes).buffer);
      });
    },
    async close() {
      db.close();
      await encoder.close();
    },
  };
}
