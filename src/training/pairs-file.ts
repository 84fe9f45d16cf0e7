// Reads and writes pairs as JSON lines: what `chipwright tune --pairs-only` gives a person to read, and what comes back from an editor.
import { createReadStream } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { ChipwrightError } from '../errors.js';
import { type TrainingExample, trainingExampleSchema } from './training-example.js';

/** Written whole beside the file and moved into place: an interrupted run leaves the old file or the new one. */
export async function writePairs(file: string, examples: Iterable<TrainingExample>): Promise<void> {
  const draft = `${file}.new`;
  const handle = await open(draft, 'w');
  try {
    for (const example of examples) await handle.write(`${JSON.stringify(example)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
}

/** Rejects with `usage_invalid` naming the file, the line and what is wrong with it. Empty lines are passed over. */
export async function readPairs(file: string): Promise<TrainingExample[]> {
  const examples: TrainingExample[] = [];
  let number = 0;
  try {
    for await (const line of createInterface({
      input: createReadStream(file, 'utf8'),
      crlfDelay: Number.POSITIVE_INFINITY,
    })) {
      number++;
      if (line.trim() !== '') examples.push(trainingExampleSchema.parse(JSON.parse(line)));
    }
  } catch (cause) {
    throw new ChipwrightError('usage_invalid', `${file}: ${reasonOf(cause, number)}.`, {
      cure: 'Give a file as `chipwright tune --pairs-only` writes it, one pair a line.',
      cause: cause instanceof SyntaxError ? undefined : cause,
    });
  }
  return examples;
}

/** Without the line itself: a JSON error quotes it, and it holds document text. */
function reasonOf(cause: unknown, number: number): string {
  if (cause instanceof z.ZodError) {
    const [issue] = cause.issues;
    return `line ${number}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a pair'}`;
  }
  return cause instanceof SyntaxError ? `line ${number} is not JSON` : 'the file cannot be read';
}
