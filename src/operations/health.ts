// How the service is: what it needs of others is looked at again and again, and `/livez` and `/readyz` tell what was seen last.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Metrics } from '../conversation/metrics.js';
import type { HttpResponse, HttpRoute, PlatformHealth } from '../conversation/platform.js';
import { ChipwrightError } from '../errors.js';
import { within } from '../within.js';

/** Something the service needs: an index, a model, a platform. */
export interface Dependency {
  /** A short word; also the key in the answer of `/readyz`. */
  readonly name: string;
  /** Whether the service is not ready without it. The others only make answers poorer. */
  readonly required: boolean;
  /** Milliseconds between two looks. */
  readonly everyMs: number;
  /** Rejects, or says in `detail`, what is wrong: no secrets, no text of people or documents. */
  check(): Promise<PlatformHealth>;
}

/** `degraded`: it answers, with less than it was meant to have. */
type Status = 'starting' | 'ready' | 'degraded' | 'unready' | 'stopping';

export interface HealthReport {
  readonly status: Status;
  readonly dependencies: Readonly<
    Record<
      string,
      {
        readonly ok: boolean;
        readonly required: boolean;
        readonly reason: string;
        /** Since when `ok` is what it is, ISO 8601. */
        readonly since: string;
      }
    >
  >;
}

export interface HealthParts {
  /** Milliseconds. */
  readonly now: () => number;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, 'dependency'>;
  /** Aborts when the service begins to stop: from then on it is not ready, and nothing is looked at any more. */
  readonly stopping: AbortSignal;
}

/** A look that takes longer than this found something that does not answer, ms. */
const PATIENCE_MS = 5_000;

interface Seen {
  readonly dependency: Dependency;
  readonly health: PlatformHealth;
  readonly since: number;
}

/** Probes read what is known and cause no look, so they may come as often as they like. */
export class Health {
  readonly #parts: HealthParts;
  readonly #seen = new Map<string, Seen>();
  #watching = false;

  constructor(parts: HealthParts) {
    this.#parts = parts;
  }

  /** Looks at these until the service stops. Resolves when each was looked at once. */
  async watch(dependencies: readonly Dependency[]): Promise<void> {
    await Promise.all(dependencies.map((each) => this.#look(each)));
    this.#watching = true;
    for (const dependency of dependencies) void this.#keepLooking(dependency);
  }

  get report(): HealthReport {
    const seen = [...this.#seen.values()];
    return {
      status: this.#status(seen),
      dependencies: Object.fromEntries(
        seen.map(({ dependency: { name, required }, health, since }) => [
          name,
          { ok: health.ok, required, reason: health.detail, since: new Date(since).toISOString() },
        ]),
      ),
    };
  }

  /** `/livez`: 200 while the process can answer at all. `/readyz`: 200 when questions are answered, else 503. */
  get routes(): readonly HttpRoute[] {
    return [
      {
        method: 'GET',
        path: '/livez',
        handle: async () => json(200, { status: 'alive' }),
      },
      {
        method: 'GET',
        path: '/readyz',
        handle: async () => {
          const { report } = this;
          return json(report.status === 'ready' || report.status === 'degraded' ? 200 : 503, report);
        },
      },
    ];
  }

  #status(seen: readonly Seen[]): Status {
    if (this.#parts.stopping.aborted) return 'stopping';
    if (!this.#watching) return 'starting';
    const failing = seen.filter(({ health }) => !health.ok);
    if (failing.some(({ dependency }) => dependency.required)) return 'unready';
    return failing.length > 0 ? 'degraded' : 'ready';
  }

  async #keepLooking(dependency: Dependency): Promise<void> {
    const { stopping } = this.#parts;
    // Not worth keeping a process for.
    const wait = () => sleep(dependency.everyMs, undefined, { signal: stopping, ref: false });
    while (!stopping.aborted) {
      await wait().catch(() => {});
      if (!stopping.aborted) await this.#look(dependency);
    }
  }

  async #look(dependency: Dependency): Promise<void> {
    const health = await within(PATIENCE_MS, dependency.check(), noAnswer).catch((thrown: unknown) => ({
      ok: false,
      detail: thrown instanceof ChipwrightError ? thrown.message : 'It could not be looked at.',
    }));
    const before = this.#seen.get(dependency.name);
    const since = before?.health.ok === health.ok ? before.since : this.#parts.now();
    this.#seen.set(dependency.name, { dependency, health, since });
    this.#parts.metrics.dependency(dependency.name, health.ok);
    if (before?.health.ok !== health.ok) this.#tell(dependency, health, before !== undefined);
  }

  #tell({ name, required }: Dependency, { ok, detail }: PlatformHealth, wasSeen: boolean): void {
    const { log } = this.#parts;
    if (!ok) log.warn({ dependency: name, reason: detail }, required ? 'not ready' : 'answering with less');
    else if (wasSeen) log.info({ dependency: name }, required ? 'ready again' : 'answering with all again');
  }
}

function noAnswer(): ChipwrightError {
  return new ChipwrightError('timeout', `It did not answer within ${PATIENCE_MS / 1_000} s.`, {
    cure: 'Check that it runs and can be reached.',
    retryable: true,
  });
}

function json(status: number, body: unknown): HttpResponse {
  return {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: `${JSON.stringify(body)}\n`,
  };
}
