// What the process that searches is told and what it says: JSON both ways.
import { z } from 'zod';
import { indexPlace } from './engine.js';

/** Questions at once in a busy hour. */
export const AT_ONCE = 20;

/** Stands in the file that the first argument of the process names. */
export const searchOrder = z.object({
  place: indexPlace,
  encoder: z.object({ id: z.string(), name: z.string(), dimensions: z.number() }),
  model: z.string(),
  questions: z.array(z.string()),
  rounds: z.number(),
  /** Of every text that a search encodes. */
  vectors: z.record(z.string(), z.array(z.number())),
});
export type SearchOrder = z.infer<typeof searchOrder>;

const latency = z.object({
  /** Milliseconds. */
  p50: z.number(),
  p95: z.number(),
  p99: z.number(),
  failed: z.number(),
});
export type Latency = z.infer<typeof latency>;

/** One line on the standard output. */
export const searchResult = z.object({
  /** Bytes that opening and searching the index added to the process, without the encoder. */
  memory: z.number(),
  alone: latency,
  together: latency,
  /** The same with the encoder at work. */
  encodedAlone: latency,
  encodedTogether: latency,
});
export type SearchResult = z.infer<typeof searchResult>;
