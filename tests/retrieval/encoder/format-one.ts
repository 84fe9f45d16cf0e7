// A model folder as it was laid out at first: four files side by side, the weights file without metadata.
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ModelContent, writeModelFolder } from '../../../src/retrieval/encoder/model-folder.js';
import { writeSafetensors } from '../../../src/retrieval/encoder/safetensors.js';
import { sha256 } from './tiny-model.js';

export async function writeFormatOne(folder: string, content: ModelContent): Promise<void> {
  const made = `${folder}-made`;
  const { weights: _, files: __, ...manifest } = await writeModelFolder(made, content);
  await mkdir(folder, { recursive: true });
  await rename(join(made, 'onnx', 'model.onnx'), join(folder, 'model.onnx'));
  for (const name of ['config.json', 'tokenizer.json']) await rename(join(made, name), join(folder, name));
  await writeFile(join(folder, 'model.safetensors'), writeSafetensors(content.weights));
  const files: Record<string, unknown> = {};
  for (const name of ['config.json', 'tokenizer.json', 'model.safetensors', 'model.onnx']) {
    const bytes = await readFile(join(folder, name));
    files[name] = { sha256: sha256(bytes), bytes: bytes.length };
  }
  await writeFile(join(folder, 'manifest.json'), JSON.stringify({ ...manifest, format: 1, files }));
  await rm(made, { recursive: true });
}
