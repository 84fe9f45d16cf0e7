// The metrics in the form Prometheus reads, on `/metrics`. The only file that knows prom-client.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Metrics } from '../conversation/metrics.js';
import type { HttpRoute } from '../conversation/platform.js';

/** Seconds: from a cached question to the longest that an answer may take. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60, 90];

const BREAKER_STATES = { closed: 0, 'half open': 1, open: 2 } as const;

export interface PrometheusMetrics {
  readonly metrics: Metrics;
  readonly route: HttpRoute;
}

/** One for a process. `now`: milliseconds. Labels are of closed lists: no id of a person, channel, message or document is one. */
export function prometheusMetrics(now: () => number): PrometheusMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const counter = <T extends string>(name: string, help: string, labelNames: readonly T[] = []) =>
    new Counter({ name: `chipwright_${name}`, help, labelNames, registers });
  const gauge = <T extends string>(name: string, help: string, labelNames: readonly T[] = []) =>
    new Gauge({ name: `chipwright_${name}`, help, labelNames, registers });

  const messages = counter('messages_total', 'Deliveries to the inbox by what became of them.', [
    'platform',
    'admission',
  ]);
  const duplicates = counter('duplicates_total', 'Deliveries dropped because the message was known.', [
    'platform',
    'reason',
  ]);
  const questions = counter('questions_total', 'Questions by how they ended.', ['platform', 'outcome']);
  const stages = new Histogram({
    name: 'chipwright_stage_seconds',
    help: 'Time that each stage of a question took.',
    labelNames: ['stage'],
    buckets: BUCKETS,
    registers,
  });
  const deliveries = counter('deliveries_total', 'Answers and notices that a platform took.', [
    'platform',
    'kind',
  ]);
  const deliveryErrors = counter(
    'delivery_errors_total',
    'Answers and notices that a platform did not take.',
    ['platform', 'code'],
  );
  const ratings = counter('ratings_total', 'Thumbs below answers.', ['platform', 'verdict']);
  const tokens = counter('tokens_total', 'Tokens as the language model reported them.', ['direction']);
  const depth = gauge('queue_depth', 'Messages that wait for their turn.');
  let oldestAt: number | undefined;
  new Gauge({
    name: 'chipwright_queue_oldest_seconds',
    help: 'How long the oldest waiting message has waited; 0 when none waits.',
    registers,
    collect() {
      this.set(oldestAt === undefined ? 0 : Math.max(0, now() - oldestAt) / 1_000);
    },
  });
  const breakers = gauge(
    'circuit_breaker_state',
    '0: calls go through, 1: one call tries, 2: the server is left alone.',
    ['dependency'],
  );
  const up = gauge('dependency_up', '1 when it was well at the last look, else 0.', ['dependency']);
  const forbidden = counter(
    'forbidden_passages_total',
    'Passages that the index handed out although the audience excludes them; dropped.',
  );
  const documents = gauge('index_documents', 'Documents in the index that answers.');
  const passages = gauge('index_passages', 'Passages in the index that answers.');
  const generation = gauge('index_generation', 'Number of the generation that answers.');
  const auditErrors = counter('audit_errors_total', 'Lines of the audit log that could not be written.');

  return {
    metrics: {
      received(platform, admission, attempt) {
        messages.inc({ platform, admission });
        if (admission === 'duplicate') duplicates.inc({ platform, reason: attempt > 1 ? 'retry' : 'twin' });
      },
      queue(waiting, oldest) {
        depth.set(waiting);
        oldestAt = oldest;
      },
      answered: (platform, outcome) => questions.inc({ platform, outcome }),
      stage: (stage, seconds) => stages.observe({ stage }, seconds),
      tokens(input, output) {
        tokens.inc({ direction: 'in' }, input);
        tokens.inc({ direction: 'out' }, output);
      },
      delivered: (platform, kind) => deliveries.inc({ platform, kind }),
      notDelivered: (platform, code) => deliveryErrors.inc({ platform, code }),
      rated: (platform, verdict) => ratings.inc({ platform, verdict }),
      breaker: (dependency, state) => breakers.set({ dependency }, BREAKER_STATES[state]),
      dependency: (dependency, ok) => up.set({ dependency }, ok ? 1 : 0),
      forbidden: (count) => forbidden.inc(count),
      index(held, chunks, number) {
        documents.set(held);
        passages.set(chunks);
        generation.set(number);
      },
      auditFailed: () => auditErrors.inc(),
    },
    route: {
      method: 'GET',
      path: '/metrics',
      handle: async () => ({
        status: 200,
        headers: { 'content-type': registry.contentType },
        body: await registry.metrics(),
      }),
    },
  };
}
