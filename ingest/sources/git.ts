// A folder inside a git checkout as a source: its tracked files, linked to the commit they are of.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ChipwrightError } from '../../src/errors.js';
import type { Source, SourceFile } from '../source.js';
import { describeSource, type SourceOptions } from './describe-source.js';
import { rootOf, sizeInside, sourceFile } from './folder.js';
import { isRelevantFile } from './relevant.js';

const run = promisify(execFile);

/** Bytes of file names that git may list. */
const MAX_LISTING = 256 * 1024 * 1024;

/**
 * The tracked documents below `folder`. Paths are relative to it; in links, `{path}` is relative to the top of the
 * checkout, as hosts expect it. Rejects with `config_invalid` outside a checkout that has a commit.
 */
export async function gitSource(folder: string, options: SourceOptions = {}): Promise<Source> {
  const commit = (await git(folder, ['rev-parse', '--verify', 'HEAD'])).trim();
  const prefix = (await git(folder, ['rev-parse', '--show-prefix'])).replace(/\n$/, '');
  const description = describeSource(folder, options, commit);
  return {
    ...description,
    async *list(signal) {
      const root = await rootOf(folder);
      const paths = (await git(root, ['ls-files', '-z'])).split('\0').filter(isRelevant).sort();
      for (const path of paths) {
        signal.throwIfAborted();
        // None for a submodule, a deleted file, and a link that leads out of the folder.
        const size = await sizeInside(root, path);
        if (size === undefined) continue;
        const file: SourceFile = sourceFile(root, path, size, description);
        yield { ...file, link: (place) => description.link?.(prefix + path, place) };
      }
    },
  };
}

/** What is tracked was written by someone, whatever its folder is called; dot folders hold settings all the same. */
function isRelevant(path: string): boolean {
  const names = path.split('/');
  return isRelevantFile(names.at(-1) ?? '') && names.every((name) => name !== '' && !name.startsWith('.'));
}

async function git(folder: string, command: readonly string[]): Promise<string> {
  try {
    const { stdout } = await run('git', ['-C', folder, ...command], { maxBuffer: MAX_LISTING });
    return stdout;
  } catch (cause) {
    throw new ChipwrightError(
      'config_invalid',
      `${folder} is not inside a git checkout with a commit, or git is missing.`,
      {
        cure: 'Name a folder of a checkout, or use it as a plain folder.',
        cause,
      },
    );
  }
}
