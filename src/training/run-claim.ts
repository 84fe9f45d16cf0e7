// One tuning run at a time: a file with the number of the process that runs it.
import { open, readFile, rm } from 'node:fs/promises';
import { ChipwrightError } from '../errors.js';

/**
 * Claims `file` for this process until `release`. Rejects with `overloaded` when another living process holds it; what a process that was
 * killed left behind counts for nothing.
 */
export async function claimRun(file: string): Promise<{ release(): Promise<void> }> {
  for (let attempt = 1; ; attempt++) {
    try {
      const handle = await open(file, 'wx');
      await handle.writeFile(String(process.pid));
      await handle.close();
      return { release: () => rm(file, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 2) throw error;
      const pid = Number(await readFile(file, 'utf8').catch(() => ''));
      if (pid !== process.pid && isAlive(pid)) {
        throw new ChipwrightError('overloaded', `Another tuning run (process ${pid}) is at work.`, {
          cure: 'Wait until it is done, or stop it.',
        });
      }
      await rm(file, { force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
