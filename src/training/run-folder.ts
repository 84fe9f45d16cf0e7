// The folder of a tuning run: what each stage made, so that a run that was stopped or killed goes on where it was.
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';

const identitySchema = z.object({ format: z.literal(1), name: z.string(), key: z.string() });

export class RunFolder {
  readonly path: string;
  /** The name the tuned model gets; chosen when the run began. */
  readonly name: string;

  private constructor(path: string, name: string) {
    this.path = path;
    this.name = name;
  }

  /**
   * Opens the folder of the run that `key` stands for (settings, base model, what the index held), or begins it under `name`. What another
   * run left behind is removed: its settings were others.
   */
  static async open(path: string, run: { readonly key: string; readonly name: string }): Promise<RunFolder> {
    const file = join(path, 'run.json');
    const found = identitySchema.safeParse(await readJson(file));
    if (found.success && found.data.key === run.key) return new RunFolder(path, found.data.name);
    await rm(path, { recursive: true, force: true });
    await mkdir(path, { recursive: true });
    await writeWhole(file, JSON.stringify({ format: 1, ...run }));
    return new RunFolder(path, run.name);
  }

  at(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  /** What a stage made, read back; made and kept when it is not there yet, or cannot be read by `schema`. */
  async keep<T>(file: string, schema: z.ZodType<T>, make: () => Promise<T>): Promise<T> {
    const kept = schema.safeParse(await readJson(this.at(file)));
    if (kept.success) return kept.data;
    const made = await make();
    await writeWhole(this.at(file), JSON.stringify(made));
    return made;
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    // Not there, or cut short by a crash before it had its name: made anew in either case.
    return undefined;
  }
}

/** Written beside and renamed, so that a file that is there is whole. */
async function writeWhole(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.new`;
  const handle = await open(draft, 'w');
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
}
