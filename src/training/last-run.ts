// What the last tuning run came to: a small file beside the runs, by which the next scheduled one is timed.
import { join } from 'node:path';
import { z } from 'zod';
import { ChipwrightError } from '../errors.js';
import { readJson, writeJson } from './whole-file.js';

const lastRunSchema = z.object({
  format: z.literal(1),
  /** ISO 8601 in UTC. */
  started: z.iso.datetime(),
  /** Null while it runs, and for good when it failed or was killed. */
  ended: z
    .object({
      date: z.iso.datetime(),
      outcome: z.enum(['published', 'declined']),
      /** For people; no text of a document. */
      reason: z.string(),
    })
    .nullable(),
  /** Documents in the index when it began. */
  documents: z.number(),
});

export type LastRun = z.infer<typeof lastRunSchema>;

export type Ending = Omit<NonNullable<LastRun['ended']>, 'date'>;

/** Null when there was none; `folder` is that of all runs. */
export async function readLastRun(folder: string): Promise<LastRun | null> {
  return lastRunSchema.safeParse(await readJson(fileIn(folder))).data ?? null;
}

/**
 * Does `work` with its beginning and its end on record. That the documents give too little to learn from is an end too; what it rejects with
 * otherwise leaves the run without one.
 */
export async function onRecord(
  folder: string,
  { documents, now }: { readonly documents: number; readonly now: () => number },
  work: () => Promise<Ending>,
): Promise<void> {
  const date = () => new Date(now()).toISOString();
  const begun = { format: 1, started: date(), documents };
  const end = (ending: Ending) => writeJson(fileIn(folder), { ...begun, ended: { date: date(), ...ending } });
  await writeJson(fileIn(folder), { ...begun, ended: null });
  try {
    await end(await work());
  } catch (error) {
    if (error instanceof ChipwrightError && error.code === 'training_declined')
      await end({ outcome: 'declined', reason: error.message });
    throw error;
  }
}

function fileIn(folder: string): string {
  return join(folder, 'last-run.json');
}
