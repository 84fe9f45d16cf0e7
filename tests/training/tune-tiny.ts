// A process that tunes the tiny model, to be killed: tells each step, and at last the digest of the weights.
import { createHash } from 'node:crypto';
import { writeSafetensors } from '../../src/retrieval/encoder/safetensors.js';
import { fineTune } from '../../src/training/fine-tune.js';
import { tinyLessons, tinySettings } from './tiny-lessons.js';

const [folder = '', checkpoints = ''] = process.argv.slice(2);
const { weights, report } = await fineTune({
  folder,
  checkpoints,
  examples: tinyLessons,
  settings: tinySettings,
  now: () => performance.now(),
  onProgress: ({ step }) => process.stdout.write(`step ${step}\n`),
});
const digest = createHash('sha256').update(writeSafetensors(weights)).digest('hex');
process.stdout.write(`done ${report.resumedAt} ${digest}\n`);
