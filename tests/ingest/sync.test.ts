// Incremental indexing: only what changed is read, nothing good is lost to a bad file, an interrupted run goes on.
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { Source, SourceFile } from '../../ingest/source.js';
import { type IngestProgress, MAX_FILE_BYTES, type SyncTools, sync } from '../../ingest/sync.js';
import type { Encoder } from '../../src/retrieval/encoder/encoder.js';
import { MemoryIndex } from '../support/memory-index.js';

type Content = string | Buffer | Error | { readonly size: number };

function source(files: Record<string, Content>, more: Partial<Source> = {}): Source {
  return {
    name: 'docs',
    audience: ['public'],
    version: 'c1',
    linkTemplate: '',
    async *list() {
      for (const path of Object.keys(files).sort()) yield fileOf(path, files[path] ?? '');
    },
    ...more,
  };
}

function fileOf(path: string, content: Content): SourceFile {
  return {
    path,
    size: typeof content === 'object' && 'size' in content ? content.size : 10,
    read: async () => {
      if (content instanceof Error) throw content;
      return Buffer.isBuffer(content) ? content : Buffer.from(String(content));
    },
    link: () => undefined,
  };
}

function tools(more: Partial<SyncTools> = {}): SyncTools & { index: MemoryIndex } {
  let time = 0;
  return {
    encoder: null,
    log: pino({ level: 'silent' }),
    now: () => {
      time += 500;
      return time;
    },
    signal: new AbortController().signal,
    ...more,
    index: more.index instanceof MemoryIndex ? more.index : new MemoryIndex(),
  };
}

const page = (topic: string) => `# ${topic}\n\nAll about ${topic}.\n`;
const denied = Object.assign(new Error('no'), { code: 'EACCES' });

describe('sync', () => {
  it('adds all, then nothing; then only what changed, came or went', async () => {
    const using = tools();
    expect(await sync(source({ 'a.md': page('a'), 'b.md': page('b'), 'c.md': page('c') }), using)).toEqual({
      documents: 3,
      chunks: 3,
      added: 3,
      changed: 0,
      removed: 0,
      unchanged: 0,
      skipped: [],
      seconds: 0.5,
    });
    expect(
      await sync(source({ 'a.md': page('a'), 'b.md': page('b'), 'c.md': page('c') }), using),
    ).toMatchObject({
      documents: 3,
      chunks: 3,
      added: 0,
      changed: 0,
      removed: 0,
      unchanged: 3,
    });
    expect(using.index.puts).toHaveLength(1);
    expect(
      await sync(source({ 'a.md': page('a'), 'b.md': page('new b'), 'd.md': page('d') }), using),
    ).toMatchObject({
      documents: 3,
      chunks: 3,
      added: 1,
      changed: 1,
      removed: 1,
      unchanged: 1,
    });
    expect([...using.index.documents.keys()]).toEqual(['docs:a.md', 'docs:b.md', 'docs:d.md']);
    expect(using.index.documents.get('docs:b.md')?.document.title).toBe('new b');
  });

  it('encodes only what reads differently from before, and the same words once', async () => {
    const read: string[] = [];
    const encoder: Encoder = {
      id: 'lengths@1',
      name: 'lengths',
      dimensions: 1,
      encode: async (texts) => {
        read.push(...texts);
        return texts.map((text) => Float32Array.of(text.length));
      },
      close: async () => {},
    };
    const using = tools({ encoder });
    const long = 'The timer reads every path once. '.repeat(40);
    const guide = (second: string) => `# Guide\n\n## One\n\n${long}\n\n## Two\n\n${second} ${long}\n`;
    const vectors = (path: string) => using.index.documents.get(`docs:${path}`)?.chunks.map((c) => c.vector);
    await sync(source({ 'a.md': guide('Second part.'), 'b.md': guide('Second part.') }), using);
    expect(read).toHaveLength(2);
    expect(vectors('b.md')).toEqual(vectors('a.md'));
    const before = vectors('a.md');
    read.length = 0;
    await sync(source({ 'a.md': guide('Third part.'), 'b.md': guide('Second part.') }), using);
    expect(read).toEqual([expect.stringContaining('Third part.')]);
    expect(vectors('a.md')).toEqual([before?.[0], Float32Array.of(read[0]?.length ?? 0)]);
    read.length = 0;
    const moved = { audience: ['team-a'] };
    expect(
      await sync(source({ 'a.md': guide('Third part.'), 'b.md': guide('Second part.') }, moved), using),
    ).toMatchObject({ changed: 2 });
    expect(read).toEqual([]);
    expect(vectors('b.md')).toEqual(before);
  });

  it('indexes anew when the audience or the links change, not when only the commit does', async () => {
    const using = tools();
    const files = { 'a.md': page('a') };
    await sync(source(files), using);
    expect(await sync(source(files, { version: 'c2' }), using)).toMatchObject({ unchanged: 1 });
    expect(await sync(source(files, { audience: ['team-a'] }), using)).toMatchObject({ changed: 1 });
    expect(using.index.documents.get('docs:a.md')?.document.audience).toEqual(['team-a']);
    expect(
      await sync(source(files, { audience: ['team-a'], linkTemplate: 'https://h/{path}' }), using),
    ).toMatchObject({ changed: 1 });
  });

  it('names what it cannot read and why, and goes on', async () => {
    const using = tools();
    const summary = await sync(
      source({
        'a.md': page('a'),
        'binary.xyz': Buffer.from([1, 2, 0, 3]),
        'denied.md': denied,
        'empty.md': '',
        'huge.md': { size: MAX_FILE_BYTES + 1 },
        'z.md': page('z'),
      }),
      using,
    );
    expect(summary).toMatchObject({ documents: 2, added: 2 });
    expect(Object.fromEntries(summary.skipped.map(({ path, reason }) => [path, reason]))).toEqual({
      'binary.xyz': expect.stringContaining('binary'),
      'denied.md': 'The file may not be read by this account.',
      'empty.md': 'The file is empty.',
      'huge.md': 'The file is larger than 50 MB.',
    });
  });

  it('keeps the earlier version of a file that cannot be read now, and all below a closed folder', async () => {
    const using = tools();
    await sync(
      source({ 'a.md': page('a'), 'sub/b.md': page('b'), 'sub/c.md': page('c'), 'd.md': page('d') }),
      using,
    );
    const summary = await sync(source({ 'a.md': denied, sub: denied, 'd.md': '# No words\n' }), using);
    expect(summary).toMatchObject({ documents: 4, chunks: 3, changed: 1, removed: 0 });
    expect(using.index.documents.get('docs:d.md')?.chunks).toEqual([]);
  });

  it('takes a page of headings and links alone for a document without passages, and reads it once', async () => {
    const using = tools();
    const contents = source({ 'index.md': '# Contents\n\n## Part one\n', 'a.md': page('a') });
    expect(await sync(contents, using)).toMatchObject({ documents: 2, chunks: 1, added: 2, skipped: [] });
    expect(await sync(contents, using)).toMatchObject({ documents: 2, unchanged: 2, skipped: [] });
  });

  it('removes nothing when the source cannot be listed', async () => {
    const using = tools();
    await sync(source({ 'a.md': page('a'), 'b.md': page('b') }), using);
    const broken = source(
      {},
      {
        async *list() {
          yield fileOf('a.md', page('a'));
          throw new Error('disk gone');
        },
      },
    );
    await expect(sync(broken, using)).rejects.toThrow('disk gone');
    expect(using.index.documents.size).toBe(2);
  });

  it('takes a source that lists nothing at all for one that went away, unless told that it is empty', async () => {
    const using = tools();
    expect(await sync(source({}), using)).toMatchObject({ documents: 0 });
    await sync(source({ 'a.md': page('a'), 'b.md': page('b') }), using);
    await expect(sync(source({}), using)).rejects.toMatchObject({
      code: 'document_unreadable',
      message: 'The source docs lists no documents, but the index holds 2 of it; nothing was removed.',
      cure: expect.stringContaining('--allow-empty'),
    });
    expect(using.index.documents.size).toBe(2);
    expect(await sync(source({}), { ...using, allowEmpty: true })).toMatchObject({
      documents: 0,
      removed: 2,
    });
    expect(using.index.documents.size).toBe(0);
  });

  it('leaves other sources alone', async () => {
    const using = tools();
    await sync(source({ 'a.md': page('a') }, { name: 'one' }), using);
    await sync(source({ 'b.md': page('b') }, { name: 'two' }), using);
    const empty = { ...using, allowEmpty: true };
    expect(await sync(source({}, { name: 'two' }), empty)).toMatchObject({ documents: 0, removed: 1 });
    expect([...using.index.documents.keys()]).toEqual(['one:a.md']);
  });

  it('keeps what it stored when it is stopped, and goes on from there', async () => {
    const section = (at: number) => `## Part ${at}\n\n${`word${at} `.repeat(150)}\n`;
    const long = `# Long\n\n${Array.from({ length: 140 }, (_, at) => section(at)).join('\n')}`;
    const files = { 'a.md': long, 'b.md': `${long}b`, 'c.md': `${long}c`, 'd.md': page('d') };
    const stop = new AbortController();
    const first = tools({ signal: stop.signal, onProgress: ({ path }) => path === 'c.md' && stop.abort() });
    await expect(sync(source(files), first)).rejects.toThrow(/abort/i);
    const kept = first.index.documents.size;
    expect(kept).toBeGreaterThan(0);
    expect(await sync(source(files), tools({ index: first.index }))).toMatchObject({
      documents: 4,
      unchanged: kept,
      added: 4 - kept,
    });
  });

  it('tells how far it is', async () => {
    const seen: IngestProgress[] = [];
    await sync(
      source({ 'a.md': page('a'), 'b.md': page('b') }),
      tools({ onProgress: (progress) => seen.push(progress) }),
    );
    expect(seen.map(({ phase, filesDone, path }) => `${phase} ${filesDone} ${path}`)).toEqual([
      'listing 0 ',
      'reading 0 a.md',
      'reading 1 b.md',
      'encoding 2 ',
      'done 2 ',
    ]);
    expect(seen.at(-1)).toMatchObject({ filesTotal: 2, chunks: 2 });
  });
});
