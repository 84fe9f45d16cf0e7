// Puts an encoder where the program looks for one: a tiny random one under a known name.
import { join } from 'node:path';
import { writeModelFolder } from '../../src/retrieval/encoder/model-folder.js';
import { tinyContent } from '../retrieval/encoder/tiny-model.js';

/** The program takes it for whole, as every file fits the manifest beside it. Its vectors mean nothing. */
export async function layTinyEncoder(data: string, name = 'bge-small-en-v1.5'): Promise<void> {
  await writeModelFolder(join(data, 'models', name), { ...tinyContent(), name });
}
