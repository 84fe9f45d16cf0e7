// Shows how far a long run is: a bar on a terminal, JSON lines otherwise, both on standard error.
import { Presets, SingleBar } from 'cli-progress';
import type { IngestProgress } from '../../ingest/sync.js';
import type { Progress } from '../retrieval/encoder/model-source.js';
import type { Shell } from './shell.js';

/** JSON lines come at most this often, ms. */
const LINE_EVERY_MS = 1_000;

export interface ProgressView {
  show(progress: { readonly label: string; readonly done: number; readonly total: number }): void;
  end(): void;
}

export function progressView(shell: Shell, now: () => number): ProgressView {
  return shell.stderr.isTTY === true ? bar(shell) : lines(shell, now);
}

/** For sync's callback. */
export function showIngest(view: ProgressView): (progress: IngestProgress) => void {
  return ({ phase, filesDone, filesTotal, chunks, path }) => {
    if (phase === 'done') view.end();
    else view.show({ label: `${phase} ${path} (${chunks} passages)`, done: filesDone, total: filesTotal });
  };
}

/** For the model store's callback; counts in mebibytes. */
export function showDownload(view: ProgressView): (progress: Progress) => void {
  const mebibytes = (bytes: number) => Math.round(bytes / 1024 / 1024);
  return ({ model, file, bytes, total }) =>
    view.show({ label: `MiB of ${model}/${file}`, done: mebibytes(bytes), total: mebibytes(total ?? bytes) });
}

function bar(shell: Shell): ProgressView {
  let single: SingleBar | undefined;
  return {
    show({ label, done, total }) {
      if (single === undefined) {
        const columns = 'columns' in shell.stderr ? Number(shell.stderr.columns) : 80;
        const format = '{bar} {value}/{total} {label}';
        single = new SingleBar(
          {
            format,
            stream: shell.stderr as NodeJS.WriteStream,
            hideCursor: true,
            barsize: Math.min(24, columns >> 2),
            clearOnComplete: true,
          },
          Presets.shades_grey,
        );
        single.start(total, done, { label });
      }
      single.setTotal(total);
      single.update(done, { label });
    },
    end() {
      single?.stop();
      single = undefined;
    },
  };
}

function lines(shell: Shell, now: () => number): ProgressView {
  let last = Number.NEGATIVE_INFINITY;
  return {
    show(progress) {
      if (now() - last < LINE_EVERY_MS) return;
      last = now();
      shell.stderr.write(`${JSON.stringify({ progress })}\n`);
    },
    end() {},
  };
}
