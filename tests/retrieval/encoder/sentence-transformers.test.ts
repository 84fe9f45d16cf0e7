// sentence-transformers loads our model folder unchanged and gives our vectors. Needs a Python that has it: CHIPWRIGHT_TEST_PYTHON.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { writeModelFolder } from '../../../src/retrieval/encoder/model-folder.js';
import { openEncoder } from '../../../src/retrieval/encoder/onnx-encoder.js';
import { tinyContent } from './tiny-model.js';

const python = process.env.CHIPWRIGHT_TEST_PYTHON ?? 'python3';
const probe =
  'import importlib.util, sys; sys.exit(importlib.util.find_spec("sentence_transformers") is None)';
const absent = spawnSync(python, ['-c', probe]).status !== 0;

const SCRIPT = `
import json, sys
from sentence_transformers import SentenceTransformer
model = SentenceTransformer(sys.argv[1], local_files_only=True, device="cpu")
texts = json.loads(sys.argv[2])
json.dump([model.encode_query(texts).tolist(), model.encode_document(texts).tolist()], sys.stdout)
`;

describe.each(['cls', 'mean'] as const)('sentence-transformers with %s pooling', (pooling) => {
  it.skipIf(absent)('gives our vectors for questions and passages', { timeout: 300_000 }, async () => {
    const dir = await mkdtemp(join(tmpdir(), 'interchange-'));
    const folder = join(dir, 'tiny');
    await writeModelFolder(folder, tinyContent(8, pooling));
    const encoder = await openEncoder(folder, { log: pino({ level: 'silent' }), threads: 1 });
    try {
      const texts = ['Clock TREE', 'the pin_route.', '', 'place route '.repeat(30)];
      const said = execFileSync(python, ['-c', SCRIPT, folder, JSON.stringify(texts)], {
        env: { ...process.env, HF_HUB_OFFLINE: '1' },
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const [queries, passages]: number[][][] = JSON.parse(said);
      // Our questions go through the graph with weights of a byte each.
      for (const [kind, theirs, near] of [
        ['query', queries, 0.999],
        ['passage', passages, 0.9999],
      ] as const) {
        const ours = await encoder.encode(texts, kind);
        expect(theirs).toHaveLength(texts.length);
        ours.forEach((vector, at) => {
          const cosine = vector.reduce((sum, value, i) => sum + value * (theirs?.[at]?.[i] ?? 0), 0);
          expect(cosine).toBeGreaterThan(near);
        });
      }
    } finally {
      await encoder.close();
      await rm(dir, { recursive: true, force: true });
    }
  });
});
