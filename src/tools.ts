// What every part of the program gets from outside: time, randomness, network, log.
import { randomUUID } from 'node:crypto';
import { type Tracer, trace } from '@opentelemetry/api';
import type { Logger } from 'pino';
import type { Environment } from './config.js';
import { type AuditTrail, noAudit } from './conversation/audit.js';
import { type Metrics, noMetrics } from './conversation/metrics.js';

/** Time, randomness, network and log, made once by the command that starts and handed to everything below. */
export interface Tools {
  readonly env: Environment;
  readonly fetch: typeof globalThis.fetch;
  readonly now: () => number;
  readonly newId: () => string;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly audit: AuditTrail;
  readonly tracer: Tracer;
}

/** The tools of this process. Nothing is counted or audited unless the command puts others in their place. */
export function processTools(env: Environment, log: Logger): Tools {
  return {
    env,
    fetch: globalThis.fetch,
    now: () => Date.now(),
    newId: () => randomUUID().replaceAll('-', '').slice(0, 12),
    log,
    metrics: noMetrics,
    audit: noAudit,
    // Does nothing until an SDK is loaded before the program: docs/monitoring.md.
    tracer: trace.getTracer('chipwright'),
  };
}
