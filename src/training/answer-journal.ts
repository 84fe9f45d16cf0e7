// What a language model answered in this run, one JSON line each as it came, so that a killed run does not ask and pay again.
import { appendFile, readFile } from 'node:fs/promises';
import { z } from 'zod';

const lineSchema = z.tuple([z.string(), z.string().nullable()]);

export class AnswerJournal {
  readonly #file: string;
  readonly #answers: Map<string, string | null>;

  private constructor(file: string, answers: Map<string, string | null>) {
    this.#file = file;
    this.#answers = answers;
  }

  /** Reads what is there. A line that a crash cut short counts for nothing. */
  static async open(file: string): Promise<AnswerJournal> {
    const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    // The next line must not continue a broken one.
    if (text !== '' && !text.endsWith('\n')) await appendFile(file, '\n');
    return new AnswerJournal(file, new Map(text.split('\n').flatMap(readLine)));
  }

  /** How many answers are known. */
  get size(): number {
    return this.#answers.size;
  }

  /** The answer; null when there was none worth keeping, such as a refusal; undefined when this was never answered. */
  get(key: string): string | null | undefined {
    return this.#answers.get(key);
  }

  async add(key: string, answer: string | null): Promise<void> {
    this.#answers.set(key, answer);
    await appendFile(this.#file, `${JSON.stringify([key, answer])}\n`, { mode: 0o600 });
  }
}

function readLine(line: string): [string, string | null][] {
  try {
    return [lineSchema.parse(JSON.parse(line))];
  } catch {
    return [];
  }
}
