// Folders and checkouts on a real disk: what is listed, what is passed over, and how it is linked.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Source } from '../../../ingest/source.js';
import { folderSource } from '../../../ingest/sources/folder.js';
import { gitSource } from '../../../ingest/sources/git.js';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'source-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, text = 'words\n'): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

async function paths(source: Source, signal = new AbortController().signal): Promise<string[]> {
  const found: string[] = [];
  for await (const file of source.list(signal)) found.push(file.path);
  return found;
}

describe('folderSource', () => {
  it('lists documents in the order of their paths, and nothing that nobody wrote', async () => {
    for (const path of [
      'b.md',
      'a/z.md',
      'a.md',
      'a-b/x.txt',
      '.hidden/x.md',
      '.env',
      'node_modules/p/README.md',
      'build/x.md',
      'chart.png',
    ])
      write(path);
    expect(await paths(folderSource(folder))).toEqual(['a-b/x.txt', 'a.md', 'a/z.md', 'b.md']);
  });

  it('follows a link to a file inside, none out of the folder, none in a circle', async () => {
    write('docs/a.md');
    symlinkSync(folder, join(folder, 'docs/loop'));
    symlinkSync('docs/a.md', join(folder, 'alias.md'));
    symlinkSync('/etc/hostname', join(folder, 'outside.md'));
    symlinkSync('nowhere', join(folder, 'dangling.md'));
    expect(await paths(folderSource(folder))).toEqual(['alias.md', 'docs/a.md']);
  });

  it('reads and links a file', async () => {
    write('a.md', 'hello');
    const source = folderSource(folder, { name: 'docs', linkTemplate: 'https://h.example/{path}#L{line}' });
    for await (const file of source.list(new AbortController().signal)) {
      expect(file.size).toBe(5);
      expect(String(await file.read())).toBe('hello');
      expect(file.link({ line: 2 })).toBe('https://h.example/a.md#L2');
    }
  });

  it('says that a folder is missing or a file, that nobody may read it, that it is to stop', async () => {
    await expect(paths(folderSource(join(folder, 'missing')))).rejects.toMatchObject({
      code: 'document_unreadable',
    });
    write('blob.md');
    await expect(paths(folderSource(join(folder, 'blob.md')))).rejects.toThrow(/blob\.md is a file; folders/);
    expect(() => folderSource(folder, { audience: [] })).toThrow(/Nobody may read/);
    expect(() => folderSource(folder, { audience: ['Team A'] })).toThrow(/cannot name an audience/);
    expect(() => folderSource(folder, { name: 'a:b' })).toThrow(/cannot name a source/);
    await expect(paths(folderSource(folder), AbortSignal.abort())).rejects.toThrow();
  });
});

describe('gitSource', () => {
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], {
      encoding: 'utf8',
    });

  it('lists tracked files only, and links them to the commit from the top of the checkout', async () => {
    git('init', '-q');
    for (const path of ['docs/b.md', 'docs/build/a ä.md', 'docs/gone.md', 'README.md', '.github/x.md'])
      write(path);
    git('add', '-A');
    git('commit', '-q', '-m', 'first');
    write('docs/untracked.md');
    rmSync(join(folder, 'docs/gone.md'));
    const source = await gitSource(join(folder, 'docs'), {
      linkTemplate: 'https://h.example/blob/{commit}/{path}#L{line}',
    });
    expect(source.version).toBe(git('rev-parse', 'HEAD').trim());
    expect(await paths(source)).toEqual(['b.md', 'build/a ä.md']);
    for await (const file of source.list(new AbortController().signal)) {
      if (file.path === 'b.md')
        expect(file.link({ line: 3 })).toBe(`https://h.example/blob/${source.version}/docs/b.md#L3`);
    }
  });

  it('refuses a folder that is no checkout', async () => {
    await expect(gitSource(folder)).rejects.toMatchObject({ code: 'config_invalid' });
  });
});
