// A folder on disk as a source of documents.
import type { Dirent } from 'node:fs';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ChipwrightError } from '../../src/errors.js';
import type { Source, SourceFile } from '../source.js';
import { describeSource, type SourceDescription, type SourceOptions } from './describe-source.js';
import { isRelevantFile, isRelevantFolder } from './relevant.js';

/**
 * The documents below `folder`. Dot folders, dependencies, build output, pictures and archives are passed over, and a
 * link is followed only to a file inside the folder, so that none leads out of it or in a circle. A folder that cannot be opened is listed as a
 * file that cannot be read, so that it is reported and nothing below it is taken for deleted.
 */
export function folderSource(folder: string, options: SourceOptions = {}): Source {
  const description = describeSource(folder, options, '');
  return {
    ...description,
    async *list(signal) {
      const root = await rootOf(folder);
      yield* walk({ root, description, signal }, '');
    },
  };
}

/** The file `path` of a folder. */
export function sourceFile(
  folder: string,
  path: string,
  size: number,
  description: SourceDescription,
): SourceFile {
  return {
    path,
    size,
    read: () => readFile(join(folder, path)),
    link: (place) => description.link?.(path, place),
  };
}

/** The real path of a source's folder. Rejects with `document_unreadable` when it is none. */
export async function rootOf(folder: string): Promise<string> {
  try {
    const root = await realpath(folder);
    await readdir(root);
    return root;
  } catch (cause) {
    const found = await stat(folder).catch(() => undefined);
    if (found?.isFile() === true) {
      throw new ChipwrightError('document_unreadable', `${folder} is a file; folders are wanted.`, {
        cure: 'Name the folder that holds it.',
        cause,
      });
    }
    throw new ChipwrightError('document_unreadable', `The folder ${folder} cannot be listed.`, {
      cure: 'Check that it exists, is a folder, and may be read by this account.',
      cause,
    });
  }
}

interface Walk {
  readonly root: string;
  readonly description: SourceDescription;
  readonly signal: AbortSignal;
}

async function* walk(walking: Walk, path: string): AsyncGenerator<SourceFile> {
  walking.signal.throwIfAborted();
  const entries = await readdir(join(walking.root, path), { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) {
    yield sourceFile(walking.root, path, 1, walking.description);
    return;
  }
  for (const entry of entries.sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1))) {
    const inside = path === '' ? entry.name : `${path}/${entry.name}`;
    if (entry.isDirectory()) {
      if (isRelevantFolder(entry.name)) yield* walk(walking, inside);
    } else if (isRelevantFile(entry.name)) {
      const size = await sizeInside(walking.root, inside);
      if (size !== undefined) yield sourceFile(walking.root, inside, size, walking.description);
    }
  }
}

/** A folder sorts as its name with the `/` behind it, so that the whole list is in the order of the paths. */
function sortKey(entry: Dirent): string {
  return entry.isDirectory() ? `${entry.name}/` : entry.name;
}

/** The bytes of a file; undefined for what is none, was deleted meanwhile, or is a link out of the folder. */
export async function sizeInside(root: string, path: string): Promise<number | undefined> {
  try {
    const real = await realpath(join(root, path));
    if (!real.startsWith(root.endsWith('/') ? root : `${root}/`)) return undefined;
    const found = await stat(real);
    return found.isFile() ? found.size : undefined;
  } catch {
    return undefined;
  }
}
