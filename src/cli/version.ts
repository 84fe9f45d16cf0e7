// Which Chipwright this is.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { packageRoot } from '../main.js';

/** As in package.json. */
export async function ownVersion(): Promise<string> {
  const file = JSON.parse(await readFile(join(packageRoot(), 'package.json'), 'utf8'));
  return z.object({ version: z.string() }).parse(file).version;
}
