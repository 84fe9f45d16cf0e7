// Tidies up after a process that died while it stored documents.
import type { Index } from './index-port.js';

/**
 * Removes orphaned passages, and resolves to how many. What another process is storing just now looks the same until it is done: so only
 * those go that are still orphans after `pause`, which should take longer than the storing of some hundred passages.
 */
export async function removeOrphans(index: Index, pause: (found: number) => Promise<void>): Promise<number> {
  const found = await index.orphans();
  if (found.length === 0) return 0;
  await pause(found.length);
  const before = new Set(found.map(({ id }) => id));
  const left = (await index.orphans()).filter(({ id }) => before.has(id));
  await index.removeOrphans(left);
  return left.length;
}
