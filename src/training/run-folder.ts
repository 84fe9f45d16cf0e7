// The folder of a tuning run: what each stage made, so that a run that was stopped or killed goes on where it was.
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readJson, writeJson } from './whole-file.js';

const identitySchema = z.object({
  format: z.literal(2),
  name: z.string(),
  key: z.string(),
  inUse: z.string(),
});

export interface RunIdentity {
  /** Changes with everything the run depends on but the documents and the model in use. */
  readonly key: string;
  /** The name the tuned model gets. */
  readonly name: string;
  /** Name of the model that answers at the moment. */
  readonly inUse: string;
}

export class RunFolder {
  readonly path: string;
  /** The name the tuned model gets; chosen when the run began. */
  readonly name: string;
  /** The model that answered when the run began, which the tuned one is compared with. */
  readonly inUse: string;

  private constructor(path: string, { name, inUse }: Pick<RunIdentity, 'name' | 'inUse'>) {
    this.path = path;
    this.name = name;
    this.inUse = inUse;
  }

  /**
   * Opens the folder of this run, or begins it. Also when the model in use is the run's own by now: it was killed after it had published.
   * What another run left behind is removed: its settings were others.
   */
  static async open(path: string, run: RunIdentity): Promise<RunFolder> {
    const file = join(path, 'run.json');
    const { data: found } = identitySchema.safeParse(await readJson(file));
    if (found?.key === run.key && [found.inUse, found.name].includes(run.inUse))
      return new RunFolder(path, found);
    await rm(path, { recursive: true, force: true });
    await mkdir(path, { recursive: true });
    await writeJson(file, { format: 2, ...run });
    return new RunFolder(path, run);
  }

  at(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  /** What a stage made, read back; made and kept when it is not there yet, or cannot be read by `schema`. */
  async keep<T>(file: string, schema: z.ZodType<T>, make: () => Promise<T>): Promise<T> {
    const kept = schema.safeParse(await readJson(this.at(file)));
    if (kept.success) return kept.data;
    const made = await make();
    await writeJson(this.at(file), made);
    return made;
  }

  /** What says whose it is goes first: without that, what a kill leaves of it is no run. */
  async remove(): Promise<void> {
    await rm(this.at('run.json'), { force: true });
    await rm(this.path, { recursive: true, force: true });
  }
}
