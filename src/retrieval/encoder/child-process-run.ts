// Runs another program to its end, without a shell.
import { execFile } from 'node:child_process';

export interface RunResult {
  /** Exit code; null when the program could not be started or was ended for taking too long. */
  readonly code: number | null;
  readonly output: string;
}

/** Starts `command` in the folder `cwd`. Never rejects: a program that is not installed has `code` null. */
export type Run = (
  command: string,
  args: readonly string[],
  options: { cwd: string; env: Readonly<Record<string, string | undefined>>; timeoutMs: number },
) => Promise<RunResult>;

const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;

export const runChildProcess: Run = (command, args, { cwd, env, timeoutMs }) =>
  new Promise((resolve) => {
    execFile(
      command,
      [...args],
      { cwd, env, timeout: timeoutMs, maxBuffer: MAX_OUTPUT_BYTES, windowsHide: true },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
        resolve({ code, output: stdout + stderr });
      },
    );
  });
