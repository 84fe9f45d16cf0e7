// Metrics that remember what they were told.
import { type Metrics, noMetrics } from '../../src/conversation/metrics.js';

/** `told`: one list per call, the name of the method first. */
export function recordedMetrics(): { readonly metrics: Metrics; readonly told: unknown[][] } {
  const told: unknown[][] = [];
  const names = Object.keys(noMetrics) as (keyof Metrics)[];
  const entries = names.map((name) => [name, (...what: unknown[]) => void told.push([name, ...what])]);
  return { metrics: Object.fromEntries(entries) as Metrics, told };
}
