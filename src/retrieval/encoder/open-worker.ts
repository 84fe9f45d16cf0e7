// Starts a worker thread from the compiled file, or from its TypeScript source in tests and development.
import { Worker } from 'node:worker_threads';

/**
 * Starts the module at `url`, whose ending is `.ts` when this code runs from source. Node itself cannot load that, and
 * tsx leaves worker threads alone when it is preloaded (`--import tsx`), so it is registered inside the thread.
 */
export function openWorker(url: URL, workerData: unknown): Worker {
  if (!url.pathname.endsWith('.ts')) return new Worker(url, { workerData });
  const start = `import('tsx/esm/api').then(({ register }) => { register(); return import(${JSON.stringify(url.href)}); })`;
  return new Worker(start, { eval: true, workerData, execArgv: [] });
}
