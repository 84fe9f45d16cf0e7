// The memory and the open files of a process, looked at once a second; on Linux, where /proc tells.
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

export interface Look {
  /** Since the first look. */
  readonly seconds: number;
  /** Resident memory, MB. */
  readonly memory: number;
  readonly files: number;
}

/** Looks until `over` aborts. */
export async function watchProcess(pid: number, over: AbortSignal): Promise<readonly Look[]> {
  const looks: Look[] = [];
  const start = performance.now();
  while (!over.aborted) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    const memory = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
    const files = (await readdir(`/proc/${pid}/fd`)).length;
    looks.push({ seconds: (performance.now() - start) / 1000, memory, files });
    await delay(1_000, undefined, { signal: over }).catch(() => {});
  }
  return looks;
}

/** By how much a value grows in a minute, after the first `warmUp` seconds: the slope of the line that fits it best. */
export function growth(looks: readonly Look[], of: 'memory' | 'files', warmUp: number): number {
  const warm = looks.filter(({ seconds }) => seconds >= warmUp);
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const time = mean(warm.map(({ seconds }) => seconds));
  const level = mean(warm.map((look) => look[of]));
  const shared = mean(warm.map((look) => (look.seconds - time) * (look[of] - level)));
  return (shared / mean(warm.map(({ seconds }) => (seconds - time) ** 2))) * 60;
}
