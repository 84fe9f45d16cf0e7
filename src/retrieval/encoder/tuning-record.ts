// `tuning.json` of a tuned model's folder: when it was made, from how much, and the figures that let it through the gate.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** Where it stands in the folder. */
export const TUNING_FILE = 'tuning.json';

/** A value with its 95 % bootstrap interval. */
const measureSchema = z.object({ value: z.number(), low: z.number(), high: z.number() });

const modeSchema = z.object({
  before: measureSchema,
  after: measureSchema,
  /** Paired: the same questions, against the model that answered until then. */
  change: measureSchema,
});

const tuningRecordSchema = z.object({
  format: z.literal(1),
  /** When it was published, ISO 8601 in UTC. */
  date: z.string(),
  /** Which of the candidates of the run it is, for people. */
  candidate: z.string(),
  pairs: z.number(),
  /** Kind of question -> pairs. */
  kinds: z.record(z.string(), z.number()),
  steps: z.number(),
  /** Of training alone. */
  seconds: z.number(),
  /** What all figures below measure, such as `nDCG@10`. */
  measure: z.string(),
  sets: z.array(
    z.object({
      name: z.string(),
      /** Guards what was known before; the others judge. */
      general: z.boolean(),
      questions: z.number(),
      dense: modeSchema,
      hybrid: modeSchema,
    }),
  ),
});

/** Figures alone: no text of a document, and no question. */
export type TuningRecord = z.infer<typeof tuningRecordSchema>;

/** Null for a folder without one, as of a model that was tuned before there were any, and for one that makes no sense. */
export async function readTuningRecord(folder: string): Promise<TuningRecord | null> {
  try {
    return tuningRecordSchema.parse(JSON.parse(await readFile(join(folder, TUNING_FILE), 'utf8')));
  } catch {
    return null;
  }
}
