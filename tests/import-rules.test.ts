// Holds the rooms apart: who may import whom, read from the real imports.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');

interface Import {
  readonly file: string;
  /** A path from the root for our own files, a package name for others. */
  readonly target: string;
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}

function importsOf(file: string): Import[] {
  const source = readFileSync(join(ROOT, file), 'utf8');
  const { importedFiles } = ts.preProcessFile(source, true, true);
  return importedFiles
    .map(({ fileName }) => fileName)
    .filter((name) => !name.startsWith('node:'))
    .map((name) => ({
      file,
      target: name.startsWith('.')
        ? relative(ROOT, resolve(ROOT, dirname(file), name))
        : name
            .split('/')
            .slice(0, name.startsWith('@') ? 2 : 1)
            .join('/'),
    }));
}

const files = ['src', 'adapters', 'ingest'].flatMap(filesBelow);
const imports = files.flatMap(importsOf);

/** The room a path belongs to: `src/retrieval`, `adapters/slack`, `ingest`, or a file directly below src. */
function roomOf(path: string): string {
  const [top = '', room = ''] = path.split('/');
  return top === 'ingest' ? top : `${top}/${room.replace(/\.(ts|js)$/, '')}`;
}

/** Files that every room may import: words, and what is no room's own. */
const COMMON = ['src/errors', 'src/within', 'src/circuit-breaker'];

/** Rooms and what they may import besides themselves. Rooms that are not listed hold the others together: main, library, cli, config. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'src/safety': [],
  'src/storage': [],
  'src/conversation': ['src/safety', 'src/storage'],
  'src/retrieval': ['src/safety'],
  'src/language-model': ['src/safety', 'src/retrieval'],
  'src/training': ['src/safety', 'src/retrieval', 'src/language-model', 'src/evaluation'],
  'src/evaluation': ['src/safety', 'src/retrieval', 'src/language-model'],
  'src/orchestrator': ['src/conversation', 'src/retrieval', 'src/language-model', 'src/safety'],
  'src/operations': ['src/conversation'],
  ingest: ['src/retrieval', 'src/safety', 'src/storage'],
  'adapters/slack': ['src/conversation', 'src/safety'],
  'adapters/teams': ['src/conversation', 'src/safety'],
  'adapters/playground': ['src/conversation', 'src/safety'],
  'adapters/terminal': ['src/conversation', 'src/safety'],
};

/** Packages that only one place may know. */
const ONE_ROOM: readonly (readonly [RegExp, RegExp])[] = [
  [/^@slack\//, /^adapters\/slack\//],
  [/^botbuilder|^botframework/, /^adapters\/teams\//],
  [/^@qdrant\//, /^src\/retrieval\/qdrant-/],
  [/^openai$/, /^src\/language-model\//],
  [/^onnxruntime-node$/, /^src\/(retrieval\/encoder|training)\//],
  [/^better-sqlite3$/, /^src\/(storage\/|retrieval\/sqlite-)/],
  [/^prom-client$/, /^src\/operations\/prometheus\.ts$/],
  [/^(kysely|pg)$/, /^src\/storage\//],
  [/^bottleneck$/, /^src\/operations\/pace\.ts$/],
  [/^ioredis$/, /^src\/operations\/redis-gate\.ts$/],
  [/^commander$/, /^src\/cli\//],
];

describe('the rooms', () => {
  it('were all seen', () => {
    expect(files.length).toBeGreaterThan(100);
    expect(imports.length).toBeGreaterThan(300);
    const rooms = new Set(files.map(roomOf));
    for (const room of [
      'src/safety',
      'src/conversation',
      'src/retrieval',
      'src/orchestrator',
      'ingest',
      'adapters/slack',
    ]) {
      expect(rooms).toContain(room);
    }
  });

  it('import only whom they may', () => {
    const broken = imports.filter(({ file, target }) => {
      const from = roomOf(file);
      const to = roomOf(target);
      const isOurs = /^(src|adapters|ingest)\//.test(target);
      const rules = ALLOWED[from];
      return isOurs && rules !== undefined && from !== to && !rules.includes(to) && !COMMON.includes(to);
    });
    expect(broken).toEqual([]);
  });

  it('keep each SDK in its one place', () => {
    const broken = imports.filter(({ file, target }) =>
      ONE_ROOM.some(([name, place]) => name.test(target) && !place.test(file)),
    );
    expect(broken).toEqual([]);
  });

  it('leave the environment, the clock and the console to those who hand them round', () => {
    // The third only writes: a variable that a native library reads.
    const hands = /^src\/(tools|cli\/chipwright|retrieval\/encoder\/no-telemetry)\.ts$/;
    const ambient = /\bprocess\.env\b|\bDate\.now\(\)|\bMath\.random\(\)|\bnew Date\(\)|\bconsole\./;
    const broken = files
      .filter((file) => !hands.test(file))
      .flatMap((file) =>
        readFileSync(join(ROOT, file), 'utf8')
          .split('\n')
          .flatMap((line, at) =>
            ambient.test(line) && !/^\s*(\/\/|\*)/.test(line) ? [`${file}:${at + 1}: ${line.trim()}`] : [],
          ),
      );
    expect(broken).toEqual([]);
  });
});
