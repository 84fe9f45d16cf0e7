// `chipwright ingest`, run as people run it: what it reports, what it leaves alone, what it skips and what it refuses.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { eventually } from '../support/eventually.js';
import { FLOW_DOCUMENTS } from '../support/flow-documents.js';
import { layTinyEncoder } from '../support/lay-encoder.js';
import { pdfOf } from '../support/pdf.js';
import { type Bench, openBench } from '../support/run-chipwright.js';

vi.setConfig({ testTimeout: 300_000 });

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
  await bench.write(inDocs(FLOW_DOCUMENTS));
});
afterEach(() => bench.close());

const inDocs = (files: Readonly<Record<string, string | Uint8Array>>) =>
  Object.fromEntries(Object.entries(files).map(([path, text]) => [`docs/${path}`, text]));

const ingest = async (...args: string[]) => {
  const { code, stdout, stderr } = await bench.run(['ingest', 'docs', '--json', ...args]);
  return { code, stderr, summary: JSON.parse(stdout) };
};

describe('chipwright ingest', () => {
  it('sums up what it did, and the next run costs nothing', async () => {
    const first = await ingest();
    expect(first.code).toBe(0);
    expect(Object.keys(first.summary)).toEqual([
      'documents',
      'chunks',
      'added',
      'changed',
      'removed',
      'unchanged',
      'skipped',
      'seconds',
    ]);
    expect(first.summary).toMatchObject({ documents: 5, added: 5, changed: 0, removed: 0, unchanged: 0 });
    expect(first.summary.chunks).toBeGreaterThanOrEqual(5);
    const second = await ingest();
    const { chunks } = first.summary;
    expect(second.summary).toMatchObject({
      documents: 5,
      chunks,
      added: 0,
      changed: 0,
      removed: 0,
      unchanged: 5,
    });
  });

  it('takes in what changed, forgets what is gone', async () => {
    await ingest();
    await rm(join(bench.folder, 'docs', 'power.txt'));
    await bench.write(
      inDocs({
        'routing.md': '# Routing\n\nWires are drawn by `ink_nets` now.\n',
        'new.md': '# New\n\nA page.\n',
      }),
    );
    expect((await ingest()).summary).toMatchObject({
      documents: 5,
      added: 1,
      changed: 1,
      removed: 1,
      unchanged: 3,
    });
    const { stdout } = await bench.run(['search', 'ink_nets', '--json']);
    expect(JSON.parse(stdout).passages[0]).toMatchObject({ path: 'routing.md' });
    expect(JSON.parse((await bench.run(['search', 'toggle rate', '--json'])).stdout).passages).toEqual([]);
  });

  it('skips what it cannot read, says why, and fails for it only when asked to', async () => {
    await bench.write(
      inDocs({
        'broken.pdf': '%PDF-1.7\nand then nothing',
        'empty.md': '',
        'locked.pdf': pdfOf(
          [[{ text: 'Words.', x: 72, y: 700, size: 12 }]],
          `/Encrypt << /Filter /Standard /V 1 /R 2 /O <${'ab'.repeat(32)}> /U <${'cd'.repeat(32)}> /P -44 >> /ID [<00> <00>]`,
        ),
        'noise.txt': new Uint8Array(2_000).map((_, at) => (at * 37) % 256),
      }),
    );
    const huge = await open(join(bench.folder, 'docs', 'huge.md'), 'w');
    await huge.truncate(51 * 1024 * 1024);
    await huge.close();
    const { code, summary } = await ingest();
    expect(code).toBe(0);
    expect(summary).toMatchObject({ documents: 5, added: 5 });
    expect(summary.skipped).toEqual([
      { path: 'broken.pdf', reason: 'The PDF is truncated: its end is missing.' },
      { path: 'empty.md', reason: 'The file is empty.' },
      { path: 'huge.md', reason: 'The file is larger than 50 MB.' },
      { path: 'locked.pdf', reason: 'The PDF is encrypted with a password.' },
      { path: 'noise.txt', reason: 'The file is binary, not text.' },
    ]);
    const strict = await bench.run(['ingest', 'docs', '--strict']);
    expect(strict.code).toBe(1);
    expect(strict.stderr).toContain('skipped empty.md: The file is empty.');
    expect(strict.stdout).toMatch(/5 unchanged, 5 skipped/);
  });

  it('makes links to the commit that was read', async () => {
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...args], {
        cwd: join(bench.folder, 'docs'),
        encoding: 'utf8',
      }).trim();
    git('init', '-q');
    git('add', '.');
    git('commit', '-q', '-m', 'first');
    await ingest('--link', 'https://git.example.com/flow/blob/{commit}/{path}#L{line}');
    const { stdout } = await bench.run(['search', 'antenna violations', '--json', '-k', '1']);
    expect(JSON.parse(stdout).passages[0].href).toMatch(
      new RegExp(`^https://git\\.example\\.com/flow/blob/${git('rev-parse', 'HEAD')}/routing\\.md#L\\d+$`),
    );
  });

  it('reads the sources of chipwright.yaml when no folder is named, and keeps them from those who may not read them', async () => {
    await bench.write({
      'chipwright.yaml': 'sources:\n  - dir: docs\n    name: flow\n    audience: timing\n',
    });
    expect((await bench.run(['ingest'])).stdout).toMatch(/^5 documents/);
    const passages = async (...args: string[]) =>
      JSON.parse((await bench.run(['search', 'skew target', '--json', ...args])).stdout).passages.length;
    expect(await passages()).toBe(0);
    expect(await passages('--audience', 'timing')).toBeGreaterThan(0);
  });

  it('gives an index of words alone its vectors once there is a model', async () => {
    await ingest();
    await layTinyEncoder(bench.data);
    const byWords = await bench.run(['search', 'skew', '--json']);
    expect(JSON.parse(byWords.stdout).passages.length).toBeGreaterThan(0);
    expect((await ingest()).summary).toMatchObject({ documents: 5, changed: 5 });
    expect((await ingest()).summary).toMatchObject({ documents: 5, unchanged: 5 });
    const found = await bench.run(['search', 'clock tree', '--json', '--mode', 'dense']);
    expect(found.stderr).toBe('');
    expect(JSON.parse(found.stdout).passages.length).toBeGreaterThan(0);
  });

  it('keeps the index when it is to rebuild from what cannot be read, or on a server that is not there', async () => {
    await ingest();
    const typo = await bench.run(['ingest', 'docs', 'dosc', '--rebuild']);
    expect(typo.code).toBe(1);
    expect(typo.stderr).toContain('The folder dosc cannot be listed.');
    const commit = 'https://a.example/{commit}/{path}';
    expect((await bench.run(['ingest', 'docs', '--rebuild', '--link', commit])).code).toBe(78);
    const server = await bench.run(['ingest', 'docs', '--rebuild'], {
      env: { QDRANT_URL: 'http://127.0.0.1:2' },
    });
    expect(server.code).toBe(1);
    expect(server.stderr).toContain('The Qdrant server could not be reached (ECONNREFUSED)');
    expect((await ingest()).summary).toMatchObject({ documents: 5, unchanged: 5 });
  });

  it('keeps the documents of a folder that is empty all at once, unless it is meant to be', async () => {
    await ingest();
    await rm(join(bench.folder, 'docs'), { recursive: true });
    await mkdir(join(bench.folder, 'docs'));
    const refused = await bench.run(['ingest', 'docs']);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('lists no documents, but the index holds 5 of it; nothing was removed.');
    const { code, summary } = await ingest('--allow-empty');
    expect(code).toBe(0);
    expect(summary).toMatchObject({ documents: 0, removed: 5 });
  });

  it.each([
    ['a folder that is not there', ['ingest', 'nowhere'], 1, 'The folder nowhere cannot be listed.'],
    ['a file', ['ingest', 'docs/routing.md'], 1, 'docs/routing.md is a file; folders are wanted.'],
    ['no folder at all', ['ingest'], 2, 'No folder to ingest was given.'],
    [
      'an audience that is no tag',
      ['ingest', 'docs', '--audience', 'All People'],
      2,
      '--audience is "All People".',
    ],
    ['one name for two folders', ['ingest', 'docs', 'docs', '--name', 'a'], 2, '--name names one source'],
    [
      'a link without a commit to name',
      ['ingest', 'docs', '--link', 'https://a.example/{commit}/{path}'],
      78,
      'git',
    ],
  ])('refuses %s in one sentence, with its cure', async (_what, args, code, sentence) => {
    const refused = await bench.run(args);
    expect(refused.code).toBe(code);
    expect(refused.stderr).toContain(sentence);
    expect(refused.stderr).toMatch(/chipwright: .+\.\n[^\n]+\.\n$/);
    expect(refused.stderr).not.toMatch(/\bat \S+:\d+/);
    expect(refused.stdout).toBe('');
  });

  it('stops at a signal, and the next run goes on', async () => {
    await mkdir(join(bench.folder, 'docs', 'many'));
    const pages = Array.from({ length: 1500 }, (_, at) => [
      `many/p${at}.md`,
      `# Page ${at}\n\nNet n${at} is routed.\n`,
    ]);
    await bench.write(inDocs(Object.fromEntries(pages)));
    const running = bench.start(['ingest', 'docs', '--json']);
    await eventually(() => existsSync(join(bench.data, 'index.sqlite')), 'the index');
    running.kill('SIGINT');
    const { code, stderr } = await running.ended;
    expect([0, 130]).toContain(code);
    expect(stderr).not.toContain('chipwright:');
    expect((await ingest()).summary).toMatchObject({ documents: 1505 });
  });
});

const manual = '../shared/data/docs/openroad';
describe('a real manual', () => {
  it.skipIf(!existsSync(manual))('is read whole', async () => {
    const { code, stdout } = await bench.run([
      'ingest',
      join(process.cwd(), manual),
      '--name',
      'manual',
      '--json',
    ]);
    expect(code).toBe(0);
    const { documents, chunks, skipped } = JSON.parse(stdout);
    expect(documents).toBeGreaterThan(80);
    expect(chunks).toBeGreaterThan(documents);
    expect(skipped.length).toBeLessThan(documents / 10);
    const found = await bench.run(['search', 'global placement density', '--json', '--mode', 'lexical']);
    expect(JSON.parse(found.stdout).passages[0].text).toMatch(/densit/i);
  });
});
