// Rows of the embedded index as the engine returns them, and what they mean.
import { z } from 'zod';
import type { DocumentRecord, Passage } from './passage.js';

export interface ChunkRow {
  row: number;
  id: string;
  ordinal: number;
  path: string;
  text: string;
  place: string;
  href: string | null;
  document: string;
}

export interface DocumentRow {
  id: string;
  source: string;
  path: string;
  title: string;
  content_hash: string;
  audience: number;
  version: string;
}

const tagList = z.array(z.string());
const pathList = z.array(z.string());
const storedPlace = z.object({
  line: z.number().optional(),
  endLine: z.number().optional(),
  page: z.number().optional(),
});

export function tagsOf(json: string): readonly string[] {
  return tagList.parse(JSON.parse(json));
}

export function toPassage(row: ChunkRow, document: DocumentRecord): Passage {
  const { line, endLine, page } = storedPlace.parse(JSON.parse(row.place));
  return {
    id: row.id,
    ordinal: row.ordinal,
    path: pathList.parse(JSON.parse(row.path)),
    text: row.text,
    place: {
      ...(line === undefined ? {} : { line }),
      ...(endLine === undefined ? {} : { endLine }),
      ...(page === undefined ? {} : { page }),
    },
    ...(row.href === null ? {} : { href: row.href }),
    document,
    score: 0,
  };
}

export function bytesOf(vector: Float32Array): Buffer {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
}

export function vectorOf(bytes: Buffer): Float32Array {
  const { buffer, byteOffset, byteLength } = bytes;
  // A Float32Array must start at a multiple of four, which a Buffer out of a pool need not do.
  if (byteOffset % 4 === 0) return new Float32Array(buffer, byteOffset, byteLength / 4);
  return new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
}
