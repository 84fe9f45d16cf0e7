// PyTorch as a child process that takes training steps when asked to.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const answerSchema = z.object({ ms: z.number(), cpu: z.number(), vector: z.array(z.number()) });

export type PyTorchStep = z.infer<typeof answerSchema>;

export interface PyTorch {
  /** Forward and backward over all texts, `texts` of them a run. */
  step(texts: number): Promise<PyTorchStep>;
  close(): Promise<void>;
}

/** Null when `python` has no torch and transformers, or cannot be run. */
export async function openPyTorch(
  python: string,
  model: { readonly folder: string; readonly pooling: string },
  threads: number,
  batch: readonly (readonly number[])[],
): Promise<PyTorch | null> {
  const probe = spawn(python, ['-c', 'import torch, transformers, safetensors'], { stdio: 'ignore' });
  const [code] = await once(probe, 'exit').catch(() => [1]);
  if (code !== 0) return null;
  const script = fileURLToPath(new URL('./pytorch.py', import.meta.url));
  const arguments_ = [script, model.folder, model.pooling, String(threads), JSON.stringify(batch)];
  const child: ChildProcess = spawn(python, arguments_, { stdio: ['pipe', 'pipe', 'ignore'] });
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('the child process has no pipes');
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  return {
    async step(texts) {
      stdin.write(`${texts}\n`);
      const { value, done } = await lines.next();
      if (done === true) throw new Error('PyTorch ended before it answered');
      return answerSchema.parse(JSON.parse(value));
    },
    async close() {
      stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}
